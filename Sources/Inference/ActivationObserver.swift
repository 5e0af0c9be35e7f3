import Architectures

/// Sees the left factor of a product of activations and weights, before it is computed.
///
/// Importance matrices are made of what it sees. It is called once for each matrix of weights and pass; for an expert of
/// a mixture, with the rows that are routed to it only.
///
/// - Parameters:
///   - input: `[position, in]`, what the rows of the matrix are multiplied by.
///   - role: what the matrix is for.
///   - layer: its layer; nil outside layers.
///   - part: which of several matrices that the layer has in this role, such as the expert; nil where it has one.
public typealias ActivationObserver =
  @Sendable (
    _ input: Matrix, _ role: TensorRole, _ layer: Int?, _ instance: Int?
  ) throws -> Void
