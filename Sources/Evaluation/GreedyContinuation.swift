import Architectures
import Bytes
import Inference
import Tokenization

/// The tokens that a model generates if it always takes the most likely one.
public struct GreedyContinuation: Sendable {
  /// The tokens after the prompt.
  public let tokens: [Int]
  /// Whether the model ended the text; the end token is then the last of `tokens`.
  public let isEnded: Bool

  /// Continues a text by up to `count` tokens.
  ///
  /// - Parameters:
  ///   - pass: a pass of which all layers were computed; with a capacity for `count` more tokens, each costs one position.
  ///   - endTokens: tokens that end the text.
  ///   - report: called with each token when it is known.
  public init(
    of pass: ForwardPass, by count: Int, endTokens: Set<Int> = [], report: (Int) -> Void = { _ in }
  ) throws {
    var pass = pass
    var tokens: [Int] = []
    while true {
      let last = pass.tokens.count - 1
      let logits = try pass.logits(positions: last..<last + 1)
      guard let best = TokenRanking(logits[row: 0], count: 1).entries.first else { break }
      tokens.append(best.token)
      report(best.token)
      guard tokens.count < count, !endTokens.contains(best.token) else { break }
      try pass.extend(by: [best.token])
      try pass.run()
    }
    self.tokens = tokens
    isEnded = tokens.last.map { endTokens.contains($0) } ?? false
  }

  /// Continues `prompt` by up to `count` tokens, with earlier positions kept where the model allows it.
  public init(
    of prompt: [Int], by count: Int, weights: some WeightSource, endTokens: Set<Int> = [],
    threads: Int = Parallel.coreCount
  ) throws {
    var pass = try ForwardPass(
      weights, tokens: prompt, capacity: weights.hyperparameters.canExtend ? prompt.count + count : nil,
      threads: threads)
    try pass.run()
    try self.init(of: pass, by: count, endTokens: endTokens)
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
