import Architectures

/// Receives the input activations of each matrix product, before it is computed.
///
/// Importance matrices are measured with it. It is called once for each weight matrix and pass; for an expert, with only
/// the rows that are routed to it.
///
/// - Parameters:
///   - input: `[position, in]`, the input activations of the matrix.
///   - role: the role of the matrix.
///   - layer: its layer; nil outside layers.
///   - instance: the index of the expert or head; nil if the role has one instance.
public typealias ActivationObserver =
  @Sendable (
    _ input: Matrix, _ role: TensorRole, _ layer: Int?, _ instance: Int?
  ) throws -> Void
