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
    /// The file belongs to the model and is not in the certificate.
    case uncertified = "not certified"
  }

  /// What a file belongs to.
  public enum Side: String, Sendable, Hashable {
    case reference, candidate
    /// The conversion, which an option told to read it.
    case input
  }

  /// One file.
  public struct Entry: Sendable, Hashable {
    public let side: Side
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
  ///   - includesInputs: whether the other files that the conversion read are checked as well.
  ///   - progress: receives the bytes read since the last call, on any thread.
  /// - Throws: `FileError` if there is nothing at a path.
  public init(
    _ certificate: Certificate, reference: String? = nil, candidate: String? = nil, includesInputs: Bool = false,
    threads: Int = Parallel.coreCount, progress: @escaping FileDigest.Progress = { _ in }
  ) throws {
    self.certificate = certificate
    let models: [(files: CertifiedFiles, path: String?, side: Side)] =
      [(certificate.reference, reference, Side.reference)] + certificate.adapters.map { ($0, nil, .reference) }
      + [(certificate.candidate, candidate, .candidate)]
    var entries = try models.flatMap { model in
      try Self.entries(
        of: model.files.located(at: model.path ?? model.files.path), model.side, threads: threads, progress: progress)
    }
    if includesInputs {
      let inputs = try certificate.inputs.map { input throws(FileError) in
        CertifiedFiles.Located(
          certified: CertifiedFiles.File(name: input.option, sha256: input.sha256), path: input.path,
          source: try InputLocation.openFile(input.path))
      }
      entries += try Self.entries(of: inputs, .input, threads: threads, progress: progress)
    }
    self.entries = entries
  }

  private static func entries(
    of located: [CertifiedFiles.Located], _ side: Side, threads: Int, progress: @escaping FileDigest.Progress
  ) throws -> [Entry] {
    let present = located.compactMap { file -> (any ByteSource)? in file.certified == nil ? nil : file.source }
    var digests = try FileDigest.entries(of: present, threads: threads, progress: progress)[...]
    return located.map { file in
      guard let certified = file.certified else {
        return Entry(side: side, path: file.path, outcome: .uncertified)
      }
      guard file.source != nil, let digest = digests.popFirst() else {
        return Entry(side: side, path: file.path, outcome: .missing)
      }
      return Entry(side: side, path: file.path, outcome: digest.sha256 == certified.sha256 ? .matches : .differs)
    }
  }

  /// Side, file and outcome, a row each.
  public var table: ReportTable {
    ReportTable(
      columns: [.left("model"), .left("file"), .left("outcome")],
      rows: entries.map {
        [$0.side.rawValue, $0.path.escapedForDisplay, $0.outcome.rawValue]
      })
  }

  /// The entries as in a report.
  public var files: JSON {
    .array(
      entries.map {
        .members([
          "model": .string($0.side.rawValue), "path": .string($0.path),
          "outcome": .string($0.outcome.rawValue),
        ])
      })
  }
}
