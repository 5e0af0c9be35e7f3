/// A long sequence of tokens in chunks, which a model is run on one at a time.
public struct TokenChunks: Sendable, Hashable {
  /// The positions of a chunk whose predictions are compared.
  public enum Positions: Sendable, Hashable {
    /// All.
    case all
    /// Those whose next token is scored.
    case scored
  }

  /// The chunks, in order.
  public let chunks: [[Int]]
  /// In each chunk, the first position whose next token is scored.
  public let firstScoredPosition: Int
  public let positions: Positions

  /// Cuts chunks of `length` tokens, the last one shorter; every next token within a chunk is scored.
  public init(_ tokens: [Int], length: Int) {
    let length = max(1, length)
    chunks = stride(from: 0, to: tokens.count, by: length).map { Array(tokens[$0..<min(tokens.count, $0 + length)]) }
    firstScoredPosition = 0
    positions = .all
  }

  /// Cuts chunks as llama-perplexity does: whole ones of `length` tokens, of which the second half is scored. The rest
  /// at the end is dropped.
  ///
  /// - Parameter start: replaces the first token of each chunk; nil if the model adds no BOS.
  public init(asLlamaPerplexity tokens: [Int], length: Int, start: Int?) {
    let length = max(2, length)
    chunks = (0..<tokens.count / length).map { index in
      var chunk = Array(tokens[index * length..<(index + 1) * length])
      if let start { chunk[0] = start }
      return chunk
    }
    firstScoredPosition = length / 2
    positions = .scored
  }

  /// Returns the positions of `chunk` whose predictions are compared.
  public func comparedPositions(of chunk: [Int]) -> Range<Int> {
    switch positions {
    case .all: 0..<chunk.count
    case .scored: firstScoredPosition..<max(firstScoredPosition, chunk.count - 1)
    }
  }

  /// The tokens of all chunks.
  public var tokenCount: Int { chunks.reduce(0) { $0 + $1.count } }
}
