import Architectures

/// The weights of one stack of layers by their roles within it, and its hyperparameters.
///
/// A decoder's `decoder_attention_query` is its `attention_query`, so the same code runs both stacks.
struct StackWeights: WeightSource {
  let model: any WeightSource
  let stack: LayerStack
  let hyperparameters: Hyperparameters
  /// The weights that stay in memory, if any do.
  let kept: KeptWeights?

  init(_ model: any WeightSource, _ stack: LayerStack) {
    self.model = model
    self.stack = stack
    hyperparameters = model.hyperparameters.of(stack)
    kept = model as? KeptWeights
  }

  func contains(_ role: TensorRole, layer: Int?, instance: Int?) -> Bool {
    model.contains(role.of(stack), layer: layer, instance: instance)
  }

  func readRows(_ role: TensorRole, layer: Int?, instance: Int?, rows: Range<Int>, into values: inout [Float]) throws {
    try model.readRows(role.of(stack), layer: layer, instance: instance, rows: rows, into: &values)
  }
}
