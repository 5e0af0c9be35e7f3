import Architectures
import Bytes
import Models
import Quantization
import Synchronization
import Tensors

/// The error of each undecided matrix in each format that it may get.
struct FormatErrors {
  /// One matrix.
  struct Matrix: Sendable {
    /// The undecided tensor.
    let tensor: DraftTensor
    /// The weight of its error.
    let factor: Double
    /// The number of its rows that were measured.
    let rowCount: Int
    /// The formats it may get, coarse first.
    let candidates: [SizeTargetReport.Candidate]
  }

  /// The matrices in the order of the plan.
  let matrices: [Matrix]

  /// Measures all of `tensors`; errors of those with an entry of an importance matrix are weighted by it.
  ///
  /// - Parameters:
  ///   - measured: what an earlier run measured; those matrices are not measured again.
  ///   - progress: receives the number of matrices done since the last call, on any thread.
  /// - Throws: if rows cannot be read or contain values that are not finite.
  init(
    _ tensors: [DraftTensor], of model: Model, measured: MeasuredErrors?, threads: Int,
    progress: @escaping @Sendable (Int) -> Void
  ) throws {
    let results = Mutex([Matrix?](repeating: nil, count: tensors.count))
    try Parallel.forEach(tensors.count, threads: threads) { index in
      let matrix = try Self.measure(tensors[index], of: model, measured?[tensors[index].name])
      results.withLock { $0[index] = matrix }
      progress(1)
    }
    matrices = results.withLock { $0.compactMap { $0 } }
  }

  private static func measure(
    _ tensor: DraftTensor, of model: Model, _ measured: MeasuredErrors.Matrix?
  ) throws -> Matrix? {
    guard let reader = tensor.reader else { return nil }
    let found = try measured ?? measure(tensor, reader)
    return Matrix(
      tensor: tensor,
      factor: Sensitivity.factor(
        tensor.purpose, layerCount: model.definition.ggufLayerCount(model.hyperparameters),
        tiesEmbeddings: model.tensor(TensorSlot(.output)) == nil),
      rowCount: found.rowCount, candidates: found.candidates)
  }

  private static func measure(_ tensor: DraftTensor, _ reader: RowReader) throws -> MeasuredErrors.Matrix {
    let sample = try RowSample(reader)
    let expertCount = max(1, tensor.shape.expertCount)
    let importance = try tensor.importance.map { importance in
      try (0..<expertCount).map { try importance.columns(ofExpert: $0, of: expertCount) }
    }
    let formats = CandidateFormats.formats(
      source: reader.format, rowElementCount: tensor.shape.rowElementCount, hasImportance: importance != nil)
    let candidates = try formats.compactMap { format -> SizeTargetReport.Candidate? in
      guard let byteCount = format.byteCount(elementCount: tensor.shape.elementCount),
        let error = format == reader.format
          ? 0 : try sample.error(format, importance: importance, expertRowCount: tensor.shape.expertRowCount)
      else { return nil }
      return SizeTargetReport.Candidate(format: format, byteCount: byteCount, error: error)
    }
    return MeasuredErrors.Matrix(rowCount: sample.rows.count, candidates: candidates)
  }
}
