import Architectures
import Bytes

/// The forward pass of a transformer in float32, one layer at a time, with the features of its definition.
///
///     tokens ─► embedding ─► layer 0 ─► … ─► layer n-1 ─► norm ─► output ─► logits
///
/// An encoder–decoder has two stacks of layers. The encoder processes the whole text at once. The decoder's layers attend
/// to their own tokens so far, and to the encoder output by cross-attention.
///
///     text   ─► embedding ─► encoder layers ─► norm ─► encoder output [text position, embedding]
///                                                        │
///     tokens ─► embedding ─► decoder layers ◄────────────┘   … ─► norm ─► output ─► logits
///
/// Weights are read on demand, a few rows at a time, so memory is bounded by the activations. The same weights and tokens
/// give the same bits on every machine, for any number of threads.
public struct ForwardPass: Sendable {
  /// The state of a pass between two layers.
  public struct State: Sendable {
    /// The stack whose layers are next.
    public let stack: LayerStack
    /// The hidden state `[position, embedding]`: token embeddings, then the output of each layer. With several residual
    /// streams (AltUp), all of them one after the other, `[position, stream × embedding]`.
    public internal(set) var hidden: Matrix
    /// For a decoder, the encoder output `[text position, embedding]`.
    public let encoderOutput: Matrix?
    /// The last keys and values `[position, key-value head × dimension]` of layers with a sliding window (true) and
    /// without, in architectures whose later layers may use them.
    var keyValues: [Bool: (key: Matrix, value: Matrix)] = [:]
  }

  /// The current state. It can be set to that of another pass of the same model and tokens.
  public var state: State
  /// Receives the input activations of each matrix product.
  public var observeProduct: ActivationObserver?

  let model: any WeightSource
  private(set) var sequences: ForwardPassInput
  let threads: Int
  let rotations: RotaryTables
  /// The inputs for each layer `[position, layer × layer input]`, if the model has them.
  private(set) var layerInputs: Matrix?
  /// What the layers keep of earlier tokens, if more tokens may follow.
  var memory: SequenceMemory?

  /// Prepares the pass over `tokens` and looks up their embeddings.
  ///
  /// - Parameters:
  ///   - tokens: input tokens; for encoder–decoders, of the encoder.
  ///   - decoderTokens: input tokens of the decoder. By default it runs on `tokens` with teacher forcing, from its start
  ///     token.
  ///   - capacity: the greatest number of tokens with those that `extend(by:)` adds; nil if none will be added. RoPE scalings
  ///     that depend on the length of the text use this one.
  /// - Throws: `InferenceError` if hyperparameters, tensors or tokens do not allow a forward pass; errors of the weights.
  public init(
    _ weights: any WeightSource, tokens: [Int], decoderTokens: [Int]? = nil, capacity: Int? = nil,
    threads: Int = Parallel.coreCount
  ) throws {
    let numbers = weights.hyperparameters
    sequences = try ForwardPassInput(tokens, decoderTokens, numbers)
    let positionCount = max(sequences.greatestCount, capacity ?? 0)
    try numbers.validate(sequences, positionCount: positionCount)
    let stacks = numbers.stacks.map { StackWeights(weights, $0) }
    for stack in stacks { try stack.requireTensors() }
    model = weights
    self.threads = threads
    rotations = try RotaryTables(numbers, positionCount: positionCount)
    let hidden = try stacks[0].embeddings(of: tokens, threads: threads)
    layerInputs = try stacks[0].layerInputs(of: tokens, embeddings: hidden, threads: threads)
    state = State(
      stack: numbers.stacks[0], hidden: try stacks[0].streams(of: hidden, threads: threads), encoderOutput: nil)
    guard capacity != nil else { return }
    guard numbers.canExtend else { throw InferenceError.hasNo(output: "continuation of a computed text") }
    memory = SequenceMemory(layerCount: numbers.layerCount, capacity: positionCount)
  }

  /// Begins the pass over tokens that follow those so far, whose layers were all computed.
  ///
  /// With a capacity, `new` are then the tokens of the pass, and each layer computes their positions alone, with the values
  /// that a pass over all tokens has there. Otherwise a pass over all tokens begins.
  ///
  /// - Parameter new: input tokens; for encoder–decoders, of the decoder.
  /// - Throws: `InferenceError` for tokens that the model does not have or that exceed the capacity; errors of the weights.
  public mutating func extend(by new: [Int]) throws {
    guard let capacity = memory?.capacity else {
      self = try ForwardPass(
        model, tokens: sequences.decoder == nil ? sequences.text + new : sequences.text,
        decoderTokens: sequences.decoder.map { $0 + new }, threads: threads)
      return
    }
    let first = firstPosition + tokens.count
    guard first + new.count <= capacity else {
      throw InferenceError.tooManyPositions(count: first + new.count, contextLength: capacity)
    }
    sequences = try ForwardPassInput(new, nil, hyperparameters)
    try hyperparameters.validate(sequences, positionCount: capacity)
    let embedded = try weights.embeddings(of: new, firstPosition: first, threads: threads)
    layerInputs = try weights.layerInputs(of: new, embeddings: embedded, threads: threads)
    state = State(
      stack: state.stack, hidden: try weights.streams(of: embedded, threads: threads), encoderOutput: nil)
    memory?.positionCount = first
  }

  /// The position of the first of the current tokens in the whole text.
  var firstPosition: Int { memory?.positionCount ?? 0 }

  /// A sublayer whose output `[position, embedding]` an observer receives.
  public enum Sublayer: String, Sendable, CaseIterable {
    /// Attention.
    case attention
    /// Cross-attention of a decoder to the encoder output.
    case crossAttention
    /// The feed-forward network.
    case feedForward
  }

  /// Computes one layer of the stack; `observe` receives the output of each sublayer.
  public mutating func step(layer: Int, observe: (Sublayer, Matrix) throws -> Void = { _, _ in }) throws {
    let predictions = try predictStreams(layer)
    let input = hidden

    let attentionInput = try normalizeInput(input, .attention, layer)
    let attentionOutput = try addend(attend(attentionInput, layer), .attention, layer)
    try observe(.attention, attentionOutput)
    try add(attentionOutput, to: attentionInput, .attention, layer)
    try addLaurel(attentionInput, layer)

    if let encoderOutput = state.encoderOutput {
      let crossInput = try normalizeInput(hidden, .crossAttention, layer)
      let crossAttentionOutput = try addend(attend(crossInput, to: encoderOutput, layer), .crossAttention, layer)
      try observe(.crossAttention, crossAttentionOutput)
      try add(crossAttentionOutput, to: crossInput, .crossAttention, layer)
    }

    let isParallel = hyperparameters.features.residual == .parallel
    let networkInput = try normalizeInput(isParallel ? input : hidden, .feedForward, layer)
    let transformed = try addend(feedForward(networkInput, residual: hidden, layer), .feedForward, layer)
    try observe(.feedForward, transformed)
    try add(transformed, to: networkInput, .feedForward, layer)
    try finish(layer, predictions)
  }

  /// The output of a sublayer: `scale × norm(y)`, with the post-norm if the model has one.
  private func addend(_ y: Matrix, _ norms: NormRoles, _ layer: Int) throws -> Matrix {
    var y = y
    if hyperparameters.features.residual != .postNorm, weights.contains(norms.after, layer: layer) {
      y = try normalize(y, norms.after, layer)
    }
    if let scale = hyperparameters.scales.residual { y.multiply(by: Float(scale)) }
    return y
  }

  /// Returns `x + y`, or `norm(x + y)` with post-norms; `x` is the residual stream, or the sublayer's input.
  private mutating func add(_ y: Matrix, to seen: Matrix, _ norms: NormRoles, _ layer: Int) throws {
    if hyperparameters.addsToNormed { state.hidden = seen }
    state.hidden.add(y)
    guard hyperparameters.features.residual == .postNorm else { return }
    // A model that can be trained either way has its norms under the same names.
    state.hidden = try normalize(
      hidden, weights.contains(norms.after, layer: layer) ? norms.after : norms.before, layer)
  }

  /// `softmax(q · kᵀ × scale + bias) · v` of every head, gated where there is a gate, and the output projection.
  private mutating func attend(_ x: Matrix, _ layer: Int) throws -> Matrix {
    if let recurrence = hyperparameters.recurrence(of: layer) { return try recur(x, recurrence, layer) }
    var (query, key, value) = try heads(x, layer)
    if memory != nil, !hyperparameters.sharesKeyValues(layer) {
      (key, value) = memory?.layers[layer].extend(key: key, value: value) ?? (key, value)
    }
    if hyperparameters.sharedKeyValueLayerCount != nil, !hyperparameters.sharesKeyValues(layer) {
      state.keyValues[hyperparameters.usesSlidingWindow(layer)] = (key, value)
    }
    let sinks = try weights.optionalVector(.attentionSinks, layer: layer, count: hyperparameters.headCount)
    let bias = try positionBias(layer, positionCount: key.rowCount)
    var mixed = try Attention(hyperparameters, layer: layer, bias: bias, sinks: sinks)
      .attend(
        query: query, key: key, value: value, firstPosition: firstPosition,
        distant: rotations.distantHeads(
          query: query, firstPosition: firstPosition, key: key, layer: layer, hyperparameters), threads: threads)
    if weights.contains(.attentionGate, layer: layer) {
      mixed.multiply(bySigmoidOf: try project(x, .attentionGate, layer, to: mixed.columnCount))
    }
    return try project(mixed, .attentionOutput, layer, to: hyperparameters.embeddingLength)
  }

  /// Cross-attention with keys and values of the encoder output, without position bias: `softmax(q · kᵀ × scale) · v`.
  private func attend(_ x: Matrix, to encoderOutput: Matrix, _ layer: Int) throws -> Matrix {
    let (query, key, value) = try crossHeads(x, encoderOutput, layer)
    let mixed = try Attention(toAnotherText: hyperparameters, layer: layer)
      .attend(query: query, key: key, value: value, threads: threads)
    return try project(mixed, .crossAttentionOutput, layer, to: hyperparameters.embeddingLength)
  }

  /// `down(activation(gate(x)) × up(x))`, or `down(activation(up(x)))` without a gate, or a mixture of experts, or the sum
  /// of both.
  private func feedForward(_ x: Matrix, residual: Matrix, _ layer: Int) throws -> Matrix {
    let innerLength = hyperparameters.at(layer).feedForwardLength
    guard let experts = hyperparameters.experts, weights.contains(.router, layer: layer) else {
      return try network(
        x, .feedForward, layer, innerLength: innerLength, gateCutoff: hyperparameters.gateCutoffs?[layer])
    }
    guard weights.contains(.feedForwardUp, layer: layer) else { return try mixture(x, experts, layer) }
    var sum = try normalizeBranch(
      network(x, .feedForward, layer, innerLength: innerLength), .feedForwardBranchNorm, layer)
    let mixed = try mixture(
      normalizeBranch(residual, .expertNorm, layer), routedBy: routerInput(residual, layer), experts, layer)
    sum.add(try normalizeBranch(mixed, .expertBranchNorm, layer))
    return sum
  }
}
