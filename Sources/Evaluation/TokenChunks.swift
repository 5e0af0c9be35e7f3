/// A long sequence cut into stretches that a model sees one at a time.
public struct TokenChunks: Sendable, Hashable {
  /// The stretches, in order.
  public let windows: [[Int]]
  /// In each window, the first position whose next token is scored.
  public let firstScoredPosition: Int
  /// Whether only positions whose next token is scored are looked at.
  public let looksAtScoredAlone: Bool

  /// Windows of `length` tokens, one behind the other, the last one shorter; every next token within is scored.
  public init(_ tokens: [Int], length: Int) {
    let length = max(1, length)
    windows = stride(from: 0, to: tokens.count, by: length).map { Array(tokens[$0..<min(tokens.count, $0 + length)]) }
    firstScoredPosition = 0
    looksAtScoredAlone = false
  }

  /// Windows as llama-perplexity cuts them: whole ones of `length` tokens, what remains at the end left out, only the
  /// second half scored, and the first token of each replaced by `start` where the model wants one.
  public init(asLlamaPerplexity tokens: [Int], length: Int, start: Int?) {
    let length = max(2, length)
    windows = (0..<tokens.count / length).map { index in
      var window = Array(tokens[index * length..<(index + 1) * length])
      if let start { window[0] = start }
      return window
    }
    firstScoredPosition = length / 2
    looksAtScoredAlone = true
  }

  /// The positions of `window` whose predictions are compared.
  public func comparedPositions(of window: [Int]) -> Range<Int> {
    looksAtScoredAlone ? firstScoredPosition..<max(firstScoredPosition, window.count - 1) : 0..<window.count
  }

  /// All tokens that are seen.
  public var tokenCount: Int { windows.reduce(0) { $0 + $1.count } }
}
