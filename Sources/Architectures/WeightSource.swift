/// A source of a model's weights as float32 in the canonical layout.
///
/// Canonical is Hugging Face's layout: linear layers `[out, in]`, rotary pairs half a head apart, nothing fused. Equal
/// values give equal bits, so two containers of one model can be compared exactly.
public protocol WeightSource: Sendable {
  /// The hyperparameters of the model.
  var hyperparameters: Hyperparameters { get }

  /// Whether the model has this tensor (biases and the output matrix are optional).
  ///
  /// - Parameters:
  ///   - layer: the layer; nil outside layers.
  ///   - instance: the index among several tensors of one role in a layer, such as the expert; nil if there is one.
  func contains(_ role: TensorRole, layer: Int?, instance: Int?) -> Bool

  /// Decodes rows `rows` of the tensor into the head of `values` (which grows if it is too small), row after row.
  ///
  /// A vector is one row. Safe to call from several threads at once.
  func readRows(
    _ role: TensorRole, layer: Int?, instance: Int?, rows: Range<Int>, into values: inout [Float]
  ) throws
}

extension WeightSource {
  /// Whether the model has this tensor, of which a layer has only one.
  public func contains(_ role: TensorRole, layer: Int?) -> Bool { contains(role, layer: layer, instance: nil) }

  /// Reads rows of a tensor of which a layer has only one.
  public func readRows(_ role: TensorRole, layer: Int?, rows: Range<Int>, into values: inout [Float]) throws {
    try readRows(role, layer: layer, instance: nil, rows: rows, into: &values)
  }
}
