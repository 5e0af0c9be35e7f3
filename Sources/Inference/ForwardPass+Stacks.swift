import Architectures

/// The tokens of a pass.
struct ForwardPassInput: Sendable {
  /// The input tokens; for encoder–decoders, of the encoder.
  let text: [Int]
  /// The input tokens of a decoder after an encoder.
  let decoder: [Int]?
  /// The correct next token of each position, where known.
  let targets: ArraySlice<Int>

  init(_ text: [Int], _ decoder: [Int]?, _ numbers: Hyperparameters) throws(InferenceError) {
    self.text = text
    guard let start = numbers.decoder?.startToken else {
      guard decoder == nil else { throw .hasNo(output: "decoder") }
      self.decoder = nil
      targets = text.dropFirst()
      return
    }
    self.decoder = decoder ?? [start] + text.dropLast()
    targets = decoder?.dropFirst() ?? text[...]
  }

  func tokens(of stack: LayerStack) -> [Int] { stack == .decoder ? decoder ?? [] : text }

  var greatestCount: Int { max(text.count, decoder?.count ?? 0) }
}

extension ForwardPass {
  /// The hyperparameters of the current stack.
  public var hyperparameters: Hyperparameters { weights.hyperparameters }

  /// The tokens of the current stack.
  public var tokens: [Int] { sequences.tokens(of: state.stack) }

  /// The correct next token of each position, where known.
  public var targets: ArraySlice<Int> { sequences.targets }

  /// The hidden state `[position, embedding]`.
  public var hidden: Matrix { state.hidden }

  /// The weights of the current stack.
  var weights: StackWeights { StackWeights(model, state.stack) }

  /// Advances from the last layer of the encoder to the decoder, whose layers count from 0.
  ///
  /// - Returns: false if there is none.
  @discardableResult
  public mutating func advanceToDecoder() throws -> Bool {
    guard state.stack == .encoder else { return false }
    state = State(
      stack: .decoder,
      hidden: try StackWeights(model, .decoder).embeddings(of: sequences.tokens(of: .decoder), threads: threads),
      encoderOutput: try normalizedHidden())
    return true
  }
}
