import Architectures
import Bytes
import Formats
import Models
import Tensors

/// The problems of one checkpoint: its layout, coverage of its architecture, hyperparameters, vocabulary, chat template
/// and values.
public struct CheckpointCheck: Sendable {
  /// The name and version of the layout of `json`.
  public static let schema = "ingot.check/1"

  public let path: String
  /// The transforms that the tensors have; nil if the architecture is unknown.
  public let appliedTransforms: AppliedTransforms?
  /// The problems, errors first.
  public let findings: [Finding]
  /// Tensors that were read, and all tensors.
  public let readCount: Int, tensorCount: Int

  /// Whether no finding is an error.
  public var passes: Bool { findings.pass }

  /// Checks the checkpoint at `path`, and reads every tensor.
  ///
  /// - Parameter listsAll: whether every tensor that does not fit gets a finding, and not every cause.
  /// - Throws: if the files cannot be read as a model's weights. Other problems are findings.
  public static func check(
    _ path: String, library: ArchitectureLibrary, architecture: String? = nil,
    appliedTransforms: TransformDetection = .detectFromValues,
    threads: Int, listsAll: Bool = false,
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws -> CheckpointCheck {
    let side = try DiffSide.open(
      path, library: library, architecture: architecture, appliedTransforms: appliedTransforms)
    if side.isOther { throw NotChecked(description: side.reason ?? "") }
    let checkpoint = side.checkpoint
    var findings = checkpoint.remarks.map { Finding(.warning, "layout", .checkpoint(path), $0) }
    findings += try checkpoint.digestFindings
    findings += HeaderCheck(side, listsAll: listsAll).findings
    if let model = side.model {
      findings += model.configurationFindings("configuration")
      findings += try model.transformFindings + model.tieFindings
    }
    let statistics = try checkpoint.statistics(of: checkpoint.stored, threads: threads, progress: progress)
    for (tensor, values) in zip(checkpoint.stored, statistics) { findings += tensor.findings(values) }
    let order: [Finding.Severity] = [.error, .warning, .note]
    return CheckpointCheck(
      path: path, appliedTransforms: side.model?.appliedTransforms,
      findings: order.flatMap { severity in findings.filter { $0.severity == severity } },
      readCount: statistics.count { $0 != nil }, tensorCount: statistics.count)
  }

  /// The report as documented in `docs/json.md`.
  public var json: JSON {
    .members([
      "schema": .string(Self.schema), "path": .string(path), "passes": .bool(passes),
      "read_tensors": .integer(readCount), "tensors": .integer(tensorCount),
      "applied_transforms": appliedTransforms?.json ?? .null, "findings": findings.json,
    ])
  }
}

extension Checkpoint {
  /// The files whose bytes are not those that their index states.
  fileprivate var digestFindings: [Finding] {
    get throws {
      try fileDigests.compactMap { statement in
        let file = files[statement.fileIndex], found = try FileDigest.md5(file)
        guard found != statement.md5 else { return nil }
        return Finding(
          .error, "layout.digest", .checkpoint(file.path),
          "MD5 is \(found), but the index states \(statement.md5) (download the file again)")
      }
    }
  }
}

/// A file that is not a model.
private struct NotChecked: IngotError {
  let description: String
  var category: ErrorCategory { .input }
}

extension TensorDescriptor {
  /// Returns the problems of the values of this tensor.
  fileprivate func findings(_ statistics: TensorStatistics?) -> [Finding] {
    guard let statistics else {
      return [
        Finding(.warning, "values.format", .tensor(name), "\(declaredFormat) cannot be decoded, so it was not read")
      ]
    }
    var findings: [Finding] = []
    if statistics.nanCount > 0 {
      findings.append(
        Finding(.error, "values.nan", .tensor(name), "has \(counted(statistics.nanCount, "NaN"))"))
    }
    if statistics.infiniteCount > 0 {
      findings.append(
        Finding(
          .error, "values.infinite", .tensor(name),
          "has \(counted(statistics.infiniteCount, "infinite element"))"))
    }
    if shape.rank > 1, statistics.finiteCount > 1, statistics.minimum == statistics.maximum {
      findings.append(
        Finding(.warning, "values.constant", .tensor(name), "every element is \(statistics.minimum)"))
    }
    return findings
  }
}
