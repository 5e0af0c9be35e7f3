import Architectures
import Bytes

/// The forward pass of a transformer in float32, a layer at a time, as the features of its definition say.
///
///     tokens ─► embedding ─► layer 0 ─► … ─► layer n-1 ─► norm ─► output ─► logits
///
/// Weights are read when they are needed and some rows at a time, so memory holds activations, never a layer. The
/// same weights and tokens give the same bits on every machine with any number of threads.
public struct ForwardPass: Sendable {
  /// The numbers of the model.
  public let hyperparameters: Hyperparameters
  /// The sequence.
  public let tokens: [Int]
  /// The residual stream `[position, embedding]`: at first the token embeddings, then what each layer leaves.
  public var hidden: Matrix
  /// Sees what each matrix of weights is about to be multiplied by; see `ProductObserver`.
  public var observeProduct: ProductObserver?

  let weights: any WeightSource
  let threads: Int
  let rotations: Rotations

  /// Prepares the pass over `tokens` and looks up their embeddings.
  ///
  /// - Throws: `InferenceError` if the model's numbers, its tensors or the tokens do not allow a forward pass; errors
  ///   of the weights.
  public init(_ weights: any WeightSource, tokens: [Int], threads: Int = Parallel.coreCount) throws {
    hyperparameters = weights.hyperparameters
    try hyperparameters.validate(tokens: tokens)
    try weights.requireTensors()
    self.weights = weights
    self.tokens = tokens
    self.threads = threads
    rotations = try Rotations(hyperparameters, positionCount: tokens.count)
    hidden = try weights.embeddings(of: tokens)
  }

  /// A result within a layer that an observer sees, `[position, embedding]`.
  public enum Stage: String, Sendable, CaseIterable {
    /// What attention adds to the residual stream.
    case attention
    /// What the feed-forward network adds to it.
    case feedForward
  }

  /// Takes the residual stream through one layer; `observe` sees what is added to it.
  public mutating func step(layer: Int, observe: (Stage, Matrix) throws -> Void = { _, _ in }) throws {
    let input = hidden
    let blocks = hyperparameters.features.blocks

    let attended = try branch(input, layer, .attentionNorm, .attentionPostNorm) { try attend($0, layer) }
    try observe(.attention, attended)
    hidden.add(attended)
    if blocks == .postNorm { hidden = try normalize(hidden, .attentionPostNorm, layer) }

    let seen = blocks == .parallel ? input : hidden
    let transformed = try branch(seen, layer, .feedForwardNorm, .feedForwardPostNorm) { try feedForward($0, layer) }
    try observe(.feedForward, transformed)
    hidden.add(transformed)
    if blocks == .postNorm { hidden = try normalize(hidden, .feedForwardPostNorm, layer) }
  }

  /// What a part of a layer adds to the residual stream: `scale × norm(part(norm(x)))`, with the norms that the model has.
  private func branch(
    _ x: Matrix, _ layer: Int, _ norm: TensorRole, _ postNorm: TensorRole, _ part: (Matrix) throws -> Matrix
  ) throws -> Matrix {
    var y = try part(normalizeInput(x, norm, layer))
    if hyperparameters.features.blocks != .postNorm, weights.contains(postNorm, layer: layer) {
      y = try normalize(y, postNorm, layer)
    }
    if let scale = hyperparameters.scales.residual { y.multiply(by: Float(scale)) }
    return y
  }

  /// `softmax(q · kᵀ × scale) · v` of every head, and the output projection.
  private func attend(_ x: Matrix, _ layer: Int) throws -> Matrix {
    let (query, key, value) = try heads(x, layer)
    let mixed = try Attention(hyperparameters, layer: layer)
      .attend(query: query, key: key, value: value, threads: threads)
    return try project(mixed, .attentionOutput, layer, to: hyperparameters.embeddingLength)
  }

  /// `down(activation(gate(x)) × up(x))`, or `down(activation(up(x)))` without a gate, or a mixture of such networks.
  private func feedForward(_ x: Matrix, _ layer: Int) throws -> Matrix {
    if let experts = hyperparameters.experts, weights.contains(.router, layer: layer) {
      return try mixture(x, experts, layer)
    }
    return try network(x, .feedForward, layer, innerLength: hyperparameters.feedForwardLength)
  }
}
