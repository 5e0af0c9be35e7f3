import Bytes

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
  /// Tokens at the end of the text that fill no chunk and are left over.
  public let leftOverCount: Int

  /// Cuts chunks of `length` tokens, the last one shorter; every next token within a chunk is scored.
  public init(_ tokens: [Int], length: Int) {
    let length = max(1, length)
    chunks = stride(from: 0, to: tokens.count, by: length).map { Array(tokens[$0..<min(tokens.count, $0 + length)]) }
    firstScoredPosition = 0
    positions = .all
    leftOverCount = 0
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
    leftOverCount = tokens.count % length
  }

  /// Returns the positions of `chunk` whose predictions are compared.
  public func comparedPositions(of chunk: [Int]) -> Range<Int> {
    switch positions {
    case .all: 0..<chunk.count
    case .scored: firstScoredPosition..<max(firstScoredPosition, chunk.count - 1)
    }
  }

  /// The tokens that a decoder predicts from those before them in their chunk, and that are scored.
  public var predictedCount: Int { chunks.reduce(0) { $0 + max(0, $1.count - 1 - firstScoredPosition) } }

  /// The tokens of all chunks.
  public var tokenCount: Int { chunks.reduce(0) { $0 + $1.count } }
}

/// Tokens of which a decoder predicts none, so that nothing can be measured.
public struct NothingPredicted: IngotError, Equatable {
  /// The tokens, and the chunks in which they are.
  public let tokenCount: Int, chunkCount: Int

  public init(_ tokens: TokenChunks) {
    tokenCount = tokens.tokenCount
    chunkCount = tokens.chunks.count
  }

  public var category: ErrorCategory { .input }

  public var description: String {
    let tokens = "tokens: \(tokenCount.grouped) in \(counted(chunkCount, "chunk"))"
    return chunkCount > 1
      ? "\(tokens), of which none is scored (pass a greater --context)"
      : "\(tokens), expected at least 2: the first is not predicted, so nothing is measured"
  }
}
