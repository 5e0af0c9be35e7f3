import Bytes
import Models
import Verification

/// Local files checked against a certificate.
public struct CertificateCheck: Sendable {
  /// The name and version of the layout of `json`.
  public static let schema = "ingot.certify/1"

  public enum Outcome: String, Sendable, Hashable {
    /// The file has the digest in the certificate.
    case matches
    /// The file has another digest.
    case differs
    /// The file does not exist.
    case missing
  }

  /// One file.
  public struct Entry: Sendable, Hashable {
    /// Whether it belongs to the reference or to the candidate.
    public let isOfReference: Bool
    public let path: String
    public let outcome: Outcome
  }

  public let certificate: Certificate
  public let entries: [Entry]

  /// Whether every file matches.
  public var passes: Bool { entries.allSatisfy { $0.outcome == .matches } }

  /// Digests the files that `certificate` names.
  ///
  /// - Parameters:
  ///   - reference: the path of the reference; nil for the path in the certificate.
  ///   - candidate: the path of the candidate; nil for the path in the certificate.
  public init(
    _ certificate: Certificate, reference: String? = nil, candidate: String? = nil,
    threads: Int = Parallel.coreCount
  ) throws {
    self.certificate = certificate
    let sides =
      [(certificate.reference, reference, true)] + certificate.adapters.map { ($0, nil, true) }
      + [(certificate.candidate, candidate, false)]
    entries = try sides.flatMap { files, path, isOfReference in
      let path = path ?? files.path
      let folder = InputLocation.folder(at: path)
      let present = files.files.map(\.name).filter(folder.hasFile)
      let sources = try present.map { name throws(FileError) in try folder.open(name) }
      let digests = Dictionary(
        zip(present, try FileDigest.entries(of: sources, threads: threads)), uniquingKeysWith: { first, _ in first })
      return files.files.map { file in
        let found = digests[file.name]?.sha256
        let outcome: Outcome = found == nil ? .missing : found == file.sha256 ? .matches : .differs
        return Entry(isOfReference: isOfReference, path: folder.path(of: file.name), outcome: outcome)
      }
    }
  }

  /// Side, file and outcome, a row each.
  public var table: ReportTable {
    ReportTable(
      columns: [.left("model"), .left("file"), .left("outcome")],
      rows: entries.map {
        [$0.isOfReference ? "reference" : "candidate", $0.path.escapedForDisplay, $0.outcome.rawValue]
      })
  }

  /// The entries as in a report.
  public var files: JSON {
    .array(
      entries.map {
        .members([
          "model": .string($0.isOfReference ? "reference" : "candidate"), "path": .string($0.path),
          "outcome": .string($0.outcome.rawValue),
        ])
      })
  }
}
