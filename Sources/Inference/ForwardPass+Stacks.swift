import Architectures

/// The tokens of a pass.
struct ForwardPassInput: Sendable {
  /// What the model reads; of an encoder-decoder, the encoder.
  let text: [Int]
  /// What the decoder of an encoder-decoder reads.
  let decoder: [Int]?
  /// The token that the logits of each position are to predict, as far as the tokens tell.
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
  /// The numbers of the model, as the stack has them where the pass is.
  public var hyperparameters: Hyperparameters { weights.hyperparameters }

  /// The tokens that the stack reads where the pass is.
  public var tokens: [Int] { sequences.tokens(of: state.stack) }

  /// The token that the logits of each position are to predict, as far as the tokens tell: the next one.
  public var targets: ArraySlice<Int> { sequences.targets }

  /// The residual stream `[position, embedding]`.
  public var hidden: Matrix { state.hidden }

  /// The weights of the stack where the pass is.
  var weights: StackWeights { StackWeights(model, state.stack) }

  /// Goes on from the last layer of an encoder to the decoder, whose layers count from 0 again.
  ///
  /// - Returns: false where no stack is left.
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
