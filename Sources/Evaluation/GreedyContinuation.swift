import Bytes
import Inference
import Models
import Tokenization

/// What a model says next when it always takes its most likely token.
public struct GreedyContinuation: Sendable {
  /// The tokens after the prompt.
  public let tokens: [Int]
  /// Whether the model ended the text by itself; the end token is the last of `tokens` then.
  public let isEnded: Bool

  /// Continues `prompt` by up to `count` tokens.
  ///
  /// The whole pass is run again for every token, so this is for short texts.
  ///
  /// - Parameters:
  ///   - decoderPrompt: of an encoder-decoder, what its decoder goes on from; `prompt` is the encoder's.
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
  /// The token that encoding put before `ids`: the beginning of a sequence, where the model wants one.
  public func startToken(of ids: [Int]) -> Int? {
    vocabulary.id(of: .bos).flatMap { $0 == ids.first ? $0 : nil }
  }
}
