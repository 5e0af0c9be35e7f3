import Architectures
import Bytes
import Formats
import Models
import Tensors

/// The entries of an importance matrix, and how they fit a model if one is given.
public struct ImportanceReport: Sendable {
  /// One entry with statistics of its values.
  public struct Entry: Sendable {
    /// The entry.
    public let entry: ImportanceMatrix.Entry
    /// The mean and the greatest importance of a column.
    public let mean: Double, greatest: Float
  }

  /// The matrix.
  public let matrix: ImportanceMatrix
  /// Its entries, layer by layer.
  public let entries: [Entry]
  /// Its coverage of the model; without a model, the gaps in its counts.
  public let coverage: ImportanceCoverage
  /// The path of the model.
  public let model: String?

  /// Columns that are read at a time.
  private static let batchElementCount = 1 << 18

  /// Reads every number of `matrix` once.
  public init(_ matrix: ImportanceMatrix, model: Model? = nil) throws {
    self.matrix = matrix
    self.model = model?.checkpoint.path
    coverage = ImportanceCoverage(
      matrix, model.map(\.tensorsInGGUF), architecture: model?.definition.ggufArchitecture ?? "")
    let sorted = matrix.entries.sorted { left, right in
      let layers = (left.name.ggufLayer ?? -1, right.name.ggufLayer ?? -1)
      return layers.0 != layers.1 ? layers.0 < layers.1 : left.name < right.name
    }
    entries = try sorted.map { entry in
      var sum = 0.0
      var greatest: Float = 0
      for start in stride(from: 0, to: entry.valueCount, by: Self.batchElementCount) {
        let end = min(entry.valueCount, start + Self.batchElementCount)
        for value in try matrix.importance(of: entry, start..<end) {
          sum += Double(value)
          greatest = max(greatest, value)
        }
      }
      return Entry(entry: entry, mean: sum / Double(entry.valueCount), greatest: greatest)
    }
  }

  /// Whether every matrix of the model's layers has an entry that fits it.
  public var fits: Bool { model == nil || coverage.coveredCount == coverage.matrixCount && !hasWrongSize }

  private var hasWrongSize: Bool {
    coverage.gaps.contains { if case .size = $0 { true } else { false } }
  }

  /// The report as documented in `docs/json.md`.
  public var json: JSON {
    var report: JSON.Object = [:]
    report["schema"] = .string("ingot.imatrix/1")
    report["path"] = .string(matrix.path)
    report["container"] = .string(matrix.container.rawValue)
    report["datasets"] = .array(matrix.datasets.map { .string($0.description) })
    report["chunk_count"] = matrix.chunkCount.map { .integer($0) } ?? .null
    report["chunk_size"] = matrix.chunkSize.map { .integer($0) } ?? .null
    report["entries"] = .array(entries.map(\.json))
    if let model {
      report["model"] = .members([
        "path": .string(model), "matrices": .integer(coverage.matrixCount), "covered": .integer(coverage.coveredCount),
      ])
    }
    report["gaps"] = .array(
      coverage.gaps.map { .members(["name": .string($0.name.text), "message": .string($0.words)]) })
    return .object(report)
  }
}

extension ImportanceReport.Entry {
  fileprivate var json: JSON {
    .members([
      "name": .string(entry.name.text), "columns": .integer(entry.valueCount / entry.counts.count),
      "experts": .integer(entry.counts.count), "unused_experts": .array(entry.unusedExperts.map { .integer($0) }),
      "greatest_count": .integer(entry.counts.max() ?? 0), "mean": .real(mean), "max": .real(Double(greatest)),
    ])
  }
}

extension Model {
  /// The tensors under the names that they have in a GGUF.
  public var tensorsInGGUF: [OutputTensor] {
    if facts.usesGGUFNames {
      return checkpoint.tensors.map { OutputTensor(name: $0.name, format: $0.format ?? .f32, shape: $0.shape) }
    }
    return storedInGGUF.map { OutputTensor(name: $0.name, format: .f32, shape: $0.layout.shape) }
  }
}
