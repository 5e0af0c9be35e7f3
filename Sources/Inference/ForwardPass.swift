import Architectures
import Bytes

/// The forward pass of a transformer in float32, a layer at a time, as the features of its definition say.
///
///     tokens ─► embedding ─► layer 0 ─► … ─► layer n-1 ─► norm ─► output ─► logits
///
/// An encoder-decoder has two stacks of layers. The encoder reads a text, all of it at once; the decoder's layers see
/// their own tokens so far and look at what came of the text.
///
///     text   ─► embedding ─► encoder layers ─► norm ─► memory [text position, embedding]
///                                                        │
///     tokens ─► embedding ─► decoder layers ◄────────────┘   … ─► norm ─► output ─► logits
///
/// Weights are read when they are needed and some rows at a time, so memory holds activations, never a layer. The
/// same weights and tokens give the same bits on every machine with any number of threads.
public struct ForwardPass: Sendable {
  /// Where a pass is, between two layers.
  public struct State: Sendable {
    /// The stack whose layers are next.
    public let stack: LayerStack
    /// The residual stream `[position, embedding]`: at first the token embeddings, then what each layer leaves.
    public internal(set) var hidden: Matrix
    /// In a decoder, what the encoder made of its text: `[text position, embedding]`.
    public let encoderOutput: Matrix?
  }

  /// Where the pass is. It can be set to where another pass of the same model and tokens was.
  public var state: State
  /// Sees what each matrix of weights is about to be multiplied by; see `ActivationObserver`.
  public var observeProduct: ActivationObserver?

  let model: any WeightSource
  let sequences: ForwardPassInput
  let threads: Int
  let rotations: RotaryTables

  /// Prepares the pass over `tokens` and looks up their embeddings.
  ///
  /// - Parameters:
  ///   - tokens: what the model reads: of an encoder-decoder, what the encoder reads.
  ///   - decoderTokens: what the decoder of an encoder-decoder reads. Without, it is taught `tokens`: it begins with its
  ///     start token, and at each position it is to predict the token there.
  /// - Throws: `InferenceError` if the model's numbers, its tensors or the tokens do not allow a forward pass; errors
  ///   of the weights.
  public init(
    _ weights: any WeightSource, tokens: [Int], decoderTokens: [Int]? = nil, threads: Int = Parallel.coreCount
  ) throws {
    let numbers = weights.hyperparameters
    sequences = try ForwardPassInput(tokens, decoderTokens, numbers)
    try numbers.validate(sequences)
    let stacks = numbers.stacks.map { StackWeights(weights, $0) }
    for stack in stacks { try stack.requireTensors() }
    model = weights
    self.threads = threads
    rotations = try RotaryTables(numbers, positionCount: sequences.greatestCount)
    state = State(
      stack: numbers.stacks[0], hidden: try stacks[0].embeddings(of: tokens, threads: threads), encoderOutput: nil)
  }

  /// A result within a layer that an observer sees, `[position, embedding]`.
  public enum Sublayer: String, Sendable, CaseIterable {
    /// What attention adds to the residual stream.
    case attention
    /// What a decoder's attention to the encoder's text adds to it.
    case crossAttention
    /// What the feed-forward network adds to it.
    case feedForward
  }

  /// Takes the residual stream through one layer of the stack; `observe` sees what is added to it.
  public mutating func step(layer: Int, observe: (Sublayer, Matrix) throws -> Void = { _, _ in }) throws {
    let input = hidden

    let attentionInput = try normalizeInput(input, .attention, layer)
    let attentionOutput = try addend(attend(attentionInput, layer), .attention, layer)
    try observe(.attention, attentionOutput)
    try add(attentionOutput, to: attentionInput, .attention, layer)

    if let encoderOutput = state.encoderOutput {
      let crossInput = try normalizeInput(hidden, .crossAttention, layer)
      let crossAttentionOutput = try addend(attend(crossInput, to: encoderOutput, layer), .crossAttention, layer)
      try observe(.crossAttention, crossAttentionOutput)
      try add(crossAttentionOutput, to: crossInput, .crossAttention, layer)
    }

    let isParallel = hyperparameters.features.residual == .parallel
    let networkInput = try normalizeInput(isParallel ? input : hidden, .feedForward, layer)
    let transformed = try addend(feedForward(networkInput, layer), .feedForward, layer)
    try observe(.feedForward, transformed)
    try add(transformed, to: networkInput, .feedForward, layer)
  }

  /// What a part of a layer adds to the residual stream: `scale × norm(y)`, with the norm that the model has behind it.
  private func addend(_ y: Matrix, _ norms: NormRoles, _ layer: Int) throws -> Matrix {
    var y = y
    if hyperparameters.features.residual != .postNorm, weights.contains(norms.after, layer: layer) {
      y = try normalize(y, norms.after, layer)
    }
    if let scale = hyperparameters.scales.residual { y.multiply(by: Float(scale)) }
    return y
  }

  /// `x + y`, or `norm(x + y)` where norms stand behind the sums; `x` is the residual stream, or what the part saw.
  private mutating func add(_ y: Matrix, to seen: Matrix, _ norms: NormRoles, _ layer: Int) throws {
    if hyperparameters.addsToNormed { state.hidden = seen }
    state.hidden.add(y)
    guard hyperparameters.features.residual == .postNorm else { return }
    // A model that can be trained either way has its norms under the same names.
    state.hidden = try normalize(
      hidden, weights.contains(norms.after, layer: layer) ? norms.after : norms.before, layer)
  }

  /// `softmax(q · kᵀ × scale + bias) · v` of every head, and the output projection.
  private func attend(_ x: Matrix, _ layer: Int) throws -> Matrix {
    let (query, key, value) = try heads(x, layer)
    let mixed = try Attention(hyperparameters, layer: layer, bias: positionBias(layer, positionCount: x.rowCount))
      .attend(query: query, key: key, value: value, threads: threads)
    return try project(mixed, .attentionOutput, layer, to: hyperparameters.embeddingLength)
  }

  /// The same with the keys and values of the encoder's text, which has no order here: `softmax(q · kᵀ × scale) · v`.
  private func attend(_ x: Matrix, to encoderOutput: Matrix, _ layer: Int) throws -> Matrix {
    let (query, key, value) = try crossHeads(x, encoderOutput, layer)
    let mixed = try Attention(toAnotherText: hyperparameters, layer: layer)
      .attend(query: query, key: key, value: value, threads: threads)
    return try project(mixed, .crossAttentionOutput, layer, to: hyperparameters.embeddingLength)
  }

  /// `down(activation(gate(x)) × up(x))`, or `down(activation(up(x)))` without a gate, or a mixture of such networks.
  private func feedForward(_ x: Matrix, _ layer: Int) throws -> Matrix {
    if let experts = hyperparameters.experts, weights.contains(.router, layer: layer) {
      return try mixture(x, experts, layer)
    }
    return try network(x, .feedForward, layer, innerLength: hyperparameters.feedForwardLength)
  }
}
