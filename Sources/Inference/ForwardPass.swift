import Architectures
import Bytes

/// The forward pass of the LLaMA family in float32, a layer at a time.
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

  let weights: any WeightSource
  let threads: Int
  private let rotary: RotaryTable
  private let attention: Attention

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
    rotary = try RotaryTable(hyperparameters.rotary, positionCount: tokens.count)
    attention = Attention(hyperparameters)
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
    let attended = try attend(normalize(hidden, .attentionNorm, layer), layer)
    try observe(.attention, attended)
    hidden.add(attended)

    let transformed = try feedForward(normalize(hidden, .feedForwardNorm, layer), layer)
    try observe(.feedForward, transformed)
    hidden.add(transformed)
  }

  /// `softmax(rotated q · rotated kᵀ / √dimension) · v`, and the output projection.
  private func attend(_ x: Matrix, _ layer: Int) throws -> Matrix {
    // q [position, head × dimension], k and v [position, key-value head × dimension]
    var query = try project(x, .attentionQuery, .attentionQueryBias, layer, to: hyperparameters.queryLength)
    var key = try project(x, .attentionKey, .attentionKeyBias, layer, to: hyperparameters.keyValueLength)
    let value = try project(x, .attentionValue, .attentionValueBias, layer, to: hyperparameters.keyValueLength)
    rotary.rotate(&query, headDimension: hyperparameters.headDimension)
    rotary.rotate(&key, headDimension: hyperparameters.headDimension)
    let mixed = try attention.attend(query: query, key: key, value: value, threads: threads)
    return try project(mixed, .attentionOutput, .attentionOutputBias, layer, to: hyperparameters.embeddingLength)
  }

  /// SwiGLU: `down(silu(gate(x)) × up(x))`.
  private func feedForward(_ x: Matrix, _ layer: Int) throws -> Matrix {
    // gate and up [position, feed-forward]
    let gate = try project(x, .feedForwardGate, .feedForwardGateBias, layer, to: hyperparameters.feedForwardLength)
    let up = try project(x, .feedForwardUp, .feedForwardUpBias, layer, to: hyperparameters.feedForwardLength)
    return try project(
      gate.gating(up), .feedForwardDown, .feedForwardDownBias, layer, to: hyperparameters.embeddingLength)
  }

  /// RMSNorm with the layer's weights `[embedding]`.
  func normalize(_ x: Matrix, _ role: TensorRole, _ layer: Int?) throws -> Matrix {
    x.rootMeanSquareNormalized(
      weights: try weights.vector(role, layer: layer, count: x.columnCount), epsilon: hyperparameters.normEpsilon)
  }

  /// `x · wᵀ`, plus the bias if the model has one: `[position, in]` to `[position, outputCount]`.
  private func project(
    _ x: Matrix, _ role: TensorRole, _ bias: TensorRole, _ layer: Int, to outputCount: Int
  ) throws -> Matrix {
    var y = try weights.multiply(x, role, layer: layer, outputCount: outputCount, threads: threads)
    if weights.contains(bias, layer: layer) {
      y.add(toEachRow: try weights.vector(bias, layer: layer, count: outputCount))
    }
    return y
  }
}
