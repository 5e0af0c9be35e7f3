import Bytes
import Inference
import Models
import Tokenization

/// The tokens that a model generates if it always takes the most likely one.
public struct GreedyContinuation: Sendable {
  /// The tokens after the prompt.
  public let tokens: [Int]
  /// Whether the model ended the text; the end token is then the last of `tokens`.
  public let isEnded: Bool

  /// Continues `prompt` by up to `count` tokens.
  ///
  /// The whole pass is run again for every token, so this is for short prompts.
  ///
  /// - Parameters:
  ///   - decoderPrompt: the decoder input of an encoder–decoder, which is continued; `prompt` is the encoder input.
  ///   - endTokens: tokens that end the text.
  /// - Complexity: O(count) passes over prompt and continuation.
  public init(
    of prompt: [Int], decoderPrompt: [Int]? = nil, by count: Int, weights: ModelWeights, endTokens: Set<Int> = [],
    threads: Int = Parallel.coreCount
  ) throws {
    var tokens: [Int] = []
    var isEnded = false
    while tokens.count < count, !isEnded {
      var pass = try ForwardPass(
        weights, tokens: decoderPrompt == nil ? prompt + tokens : prompt,
        decoderTokens: decoderPrompt.map { $0 + tokens },
        threads: threads)
      try pass.run()
      let last = pass.tokens.count - 1
      let logits = try pass.logits(positions: last..<last + 1)
      guard let best = TokenRanking(logits[row: 0], count: 1).entries.first else { break }
      tokens.append(best.token)
      isEnded = endTokens.contains(best.token)
    }
    self.tokens = tokens
    self.isEnded = isEnded
  }

  /// The continuation as an entry of a report; `tokenizer` gives its text.
  public func json(_ tokenizer: Tokenizer?) -> JSON {
    .members([
      "tokens": .array(tokens.map { .integer($0) }),
      "text": tokenizer.map { .string($0.decode(tokens)) } ?? .null,
      "ended": .bool(isEnded),
    ])
  }
}

extension Vocabulary {
  /// The tokens that end a text or a turn.
  public var endTokens: Set<Int> { Set([SpecialToken.eos, .eot, .eom].compactMap { id(of: $0) }) }
}

extension Tokenizer {
  /// Returns the BOS if encoding added it to `ids`.
  public func startToken(of ids: [Int]) -> Int? {
    vocabulary.id(of: .bos).flatMap { $0 == ids.first ? $0 : nil }
  }
}
