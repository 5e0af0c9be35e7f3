import Bytes
import Tensors

/// The choice of formats for a size target.
public struct SizeTargetReport: Sendable {
  /// A format that a matrix may have.
  public struct Candidate: Sendable, Hashable {
    /// The format.
    public let format: StorageFormat
    /// The bytes of the matrix in it.
    public let byteCount: Int
    /// The relative square error, measured on a sample of rows; see `RowSample.error`.
    public let error: Double
  }

  /// A matrix that was decided on.
  public struct Matrix: Sendable {
    /// Its name in the output.
    public let name: TensorName
    /// The sensitivity of the model to its relative error.
    public let factor: Double
    /// Rows that were measured, of all.
    public let measuredRowCount: Int, rowCount: Int
    /// Its candidate formats, coarse first.
    public let candidates: [Candidate]
    /// The chosen format.
    public let choice: Candidate
  }

  /// The target.
  public let target: SizeTarget
  /// The bytes that the target allows, and what there will be: of files, or of tensors alone where bits per weight are
  /// counted.
  public let limit: Int, byteCount: Int
  /// The matrices in the order of the plan.
  public let matrices: [Matrix]
  /// What the errors of the choice cost (`Sensitivity.cost`), and the least that any choice of this size could have.
  public let weightedError: Double, lowerBound: Double
  /// Whether errors are weighted by an importance matrix.
  public let usesImportance: Bool

  /// Σ error, every matrix counting alike.
  public var summedError: Double { matrices.reduce(0) { $0 + $1.choice.error } }

  /// In words, for people.
  public var words: String {
    let measured = matrices.reduce(0) { $0 + $1.measuredRowCount }, all = matrices.reduce(0) { $0 + $1.rowCount }
    let formats = Set(matrices.flatMap { $0.candidates.map(\.format) }).count
    return
      "\(target): \(byteCount.grouped) of \(limit.grouped) bytes; predicted NMSE \(summedError.scientific) summed over "
      + "\(matrices.count.grouped) matrices, \(weightedError.scientific) weighted (at least "
      + "\(lowerBound.scientific) at this size); \(counted(formats, "format")) measured on \(measured.grouped) of "
      + "\(counted(all, "row"))"
  }

  /// As documented in `docs/json.md`.
  public var json: JSON {
    .members([
      "target": target.json, "limit": .integer(limit), "bytes": .integer(byteCount),
      "predicted_summed_nmse": .real(summedError), "predicted_weighted_error": .real(weightedError),
      "lower_bound": .real(lowerBound), "importance": .bool(usesImportance),
      "tensors": .array(matrices.map(\.json)),
    ])
  }
}

extension SizeTargetReport.Matrix {
  /// The rule that gives the matrix its format.
  var rule: String { "size target: predicted NMSE \(choice.error.scientific) × \(factor)" }

  fileprivate var json: JSON {
    .members([
      "name": .string(name.text), "factor": .real(factor), "measured_rows": .integer(measuredRowCount),
      "rows": .integer(rowCount), "format": .string(choice.format.name), "predicted_nmse": .real(choice.error),
      "candidates": .array(
        candidates.map {
          .members([
            "format": .string($0.format.name), "bytes": .integer($0.byteCount), "nmse": .real($0.error),
          ])
        }),
    ])
  }
}
