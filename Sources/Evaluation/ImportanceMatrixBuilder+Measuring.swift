import Architectures
import Bytes
import Formats
import Inference
import Models

extension ImportanceMatrixBuilder {
  /// Measures the matrices of a model on chunks of tokens.
  ///
  /// - Parameters:
  ///   - chunks: of `chunkSize` tokens each.
  ///   - dataset: the name of the text.
  ///   - includesOutput: whether the output matrix is measured as well, if it is not tied.
  ///   - progress: receives the chunks done since the last call.
  /// - Throws: as `ForwardPass`; if an activation is not finite.
  public static func measure(
    _ weights: ModelWeights, on chunks: some Sequence<[Int]>, chunkSize: Int, dataset: String,
    includesOutput: Bool = false, threads: Int = Parallel.coreCount, progress: (Int) -> Void = { _ in }
  ) throws -> ImportanceMatrixBuilder {
    let collector = ImportanceCollector(weights.model)
    for chunk in chunks {
      do {
        var pass = try ForwardPass(weights, tokens: chunk, threads: threads)
        pass.observeProduct = { try collector.add($0, TensorSlot($1, layer: $2, instance: $3)) }
        try pass.run()
        if includesOutput { try collector.add(pass.normalizedHidden(), TensorSlot(.output)) }
      } catch let error as NonfiniteActivation {
        throw LocatedError(path: weights.model.checkpoint.path, reason: error)
      }
      progress(1)
    }
    return ImportanceMatrixBuilder(collector.entries, dataset: dataset, chunkSize: chunkSize)
  }
}
