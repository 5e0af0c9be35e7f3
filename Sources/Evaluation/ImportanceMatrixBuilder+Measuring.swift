import Architectures
import Bytes
import Formats
import Inference
import Models

extension ImportanceMatrixBuilder {
  /// Measures the matrices of a model on stretches of a text.
  ///
  /// - Parameters:
  ///   - windows: the stretches, seen one at a time, each of `chunkSize` tokens.
  ///   - dataset: the name of the text.
  ///   - includesOutput: whether the output matrix is measured, too, if the model has one of its own.
  ///   - progress: is told the windows done since the last call.
  /// - Throws: as `ForwardPass`; if an activation is not finite.
  public static func measure(
    _ weights: ModelWeights, on windows: some Sequence<[Int]>, chunkSize: Int, dataset: String,
    includesOutput: Bool = false, threads: Int = Parallel.coreCount, progress: (Int) -> Void = { _ in }
  ) throws -> ImportanceMatrixBuilder {
    let collector = ImportanceCollector(weights.model)
    for window in windows {
      do {
        var pass = try ForwardPass(weights, tokens: window, threads: threads)
        pass.observeProduct = { try collector.add($0, TensorSlot($1, layer: $2, instance: $3)) }
        try pass.run()
        if includesOutput { try collector.add(pass.normalizedHidden(), TensorSlot(.output)) }
      } catch let error as NonfiniteActivation {
        throw LocatedError(path: weights.model.checkpoint.path, fact: error)
      }
      progress(1)
    }
    return ImportanceMatrixBuilder(collector.entries, dataset: dataset, chunkSize: chunkSize)
  }
}
