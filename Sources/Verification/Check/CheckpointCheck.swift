import Architectures
import Bytes
import Formats
import Models
import Tensors
import Tokenization

/// What is wrong, or doubtful, with one checkpoint: its layout, coverage of its architecture, values and vocabulary.
public struct CheckpointCheck: Sendable {
  /// The name and version of the layout of `json`.
  public static let schema = "ingot.check/1"

  /// The checkpoint's path.
  public let path: String
  /// Which transforms the tensors have; nil if the architecture is not known.
  public let appliedTransforms: AppliedTransforms?
  /// What was found, errors first.
  public let findings: [Finding]
  /// How many tensors were read, of how many.
  public let readCount: Int, tensorCount: Int

  /// Whether nothing is wrong.
  public var passes: Bool { findings.pass }

  /// Checks what is at `path`, reading all of it.
  ///
  /// - Throws: when the files cannot be read as a checkpoint. Whatever else is wrong is a finding.
  public static func check(
    _ path: String, library: ArchitectureLibrary, architecture: String? = nil,
    appliedTransforms: TransformDetection = .values,
    threads: Int,
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws -> CheckpointCheck {
    let subject = try DiffSide.open(
      path, library: library, architecture: architecture, appliedTransforms: appliedTransforms)
    let checkpoint = subject.checkpoint
    var findings = checkpoint.remarks.map { Finding(.warning, "layout", place: path, $0) }
    if let model = subject.model {
      findings += model.problems.map { Finding(.error, "coverage", place: path, "\($0)") }
      findings += model.dialectFindings
      findings += model.vocabularyFindings
      findings += try model.tieFindings
    } else {
      findings.append(
        Finding(.warning, "architecture", place: "architecture", subject.reason ?? "is not known"))
    }
    let statistics = try checkpoint.statistics(of: checkpoint.tensors, threads: threads, progress: progress)
    for (tensor, values) in zip(checkpoint.tensors, statistics) { findings += tensor.findings(values) }
    let order: [Finding.Severity] = [.error, .warning, .note]
    return CheckpointCheck(
      path: path, appliedTransforms: subject.model?.appliedTransforms,
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

extension TensorDescriptor {
  /// What the values of this tensor give rise to.
  fileprivate func findings(_ statistics: TensorStatistics?) -> [Finding] {
    guard let statistics else {
      return [
        Finding(.warning, "values.format", place: name.text, "\(declaredFormat) cannot be decoded, so it was not read")
      ]
    }
    var findings: [Finding] = []
    if statistics.nanCount > 0 {
      findings.append(
        Finding(.error, "values.nan", place: name.text, "holds \(counted(statistics.nanCount, "NaN"))"))
    }
    if statistics.infiniteCount > 0 {
      findings.append(
        Finding(
          .error, "values.infinite", place: name.text,
          "holds \(counted(statistics.infiniteCount, "infinite element"))"))
    }
    if shape.rank > 1, statistics.finiteCount > 1, statistics.minimum == statistics.maximum {
      findings.append(
        Finding(.warning, "values.constant", place: name.text, "every element is \(statistics.minimum)"))
    }
    return findings
  }
}
