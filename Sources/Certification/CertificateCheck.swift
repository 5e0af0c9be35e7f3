import Bytes
import Models
import Verification

/// The files on this machine held against a certificate.
public struct CertificateCheck: Sendable {
  /// The name and version of the layout of `json`.
  public static let schema = "ingot.certify/1"

  /// How a file is.
  public enum Outcome: String, Sendable, Hashable {
    /// It has the digest that the certificate states.
    case matches
    /// It has another.
    case differs
    /// It is not there.
    case missing
  }

  /// One file.
  public struct Entry: Sendable, Hashable {
    /// Whether it belongs to the reference or to the candidate.
    public let isOfReference: Bool
    /// Where it was looked for.
    public let path: String
    /// How it is.
    public let outcome: Outcome
  }

  /// The certificate.
  public let certificate: Certificate
  /// Its files.
  public let entries: [Entry]

  /// Whether every file is as the certificate says.
  public var passes: Bool { entries.allSatisfy { $0.outcome == .matches } }

  /// Digests the files that `certificate` names.
  ///
  /// - Parameters:
  ///   - reference: where the reference is; nil for where the certificate says.
  ///   - candidate: where the candidate is.
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
