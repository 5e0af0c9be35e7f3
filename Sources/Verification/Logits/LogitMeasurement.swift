import Bytes
import Evaluation
import Models

/// The comparison of two models on the chunks of a text, which several runs can share.
public struct LogitMeasurement: SharedMeasurement {
  public static let itemName = "chunks"

  private let reference: Model, candidate: Model
  private let tokens: TokenChunks

  /// - Throws: if a model cannot be run, their sizes differ, or no token is predicted.
  public init(_ reference: Model, _ candidate: Model, tokens: TokenChunks) throws {
    self.reference = reference
    self.candidate = candidate
    self.tokens = tokens
    _ = try LogitComparison.comparer(reference, candidate, tokens: tokens, LogitComparison.Options())
  }

  public var itemCount: Int { tokens.chunks.count }

  public var facts: JSON.Object {
    [
      "tokens_sha256": .string(tokens.chunks.digest), "first_scored": .integer(tokens.firstScoredPosition),
      "positions": .string(tokens.positions == .all ? "all" : "scored"),
    ]
  }

  public func measure(_ items: Range<Int>, threads: Int, progress: (Int) -> Void) throws -> [UInt8] {
    var options = LogitComparison.Options()
    options.threads = threads
    let comparer = try LogitComparison.comparer(reference, candidate, tokens: tokens, options).comparer
    var bytes: [UInt8] = []
    for chunk in tokens.chunks[items] {
      try comparer.differences(of: chunk, of: tokens).append(to: &bytes)
      progress(1)
    }
    return bytes
  }
}

/// What the parts of a `LogitMeasurement` gave, in order.
public struct MeasuredChunks: Sendable {
  private let results: [[UInt8]]

  public init(_ results: [[UInt8]]) { self.results = results }

  /// The differences of the chunks of `tokens`, of models that have as many points as `empty`.
  ///
  /// - Throws: `UnreadableResult`.
  func differences(
    like empty: ChunkDifferences, of tokens: TokenChunks
  ) throws(UnreadableResult) -> [ChunkDifferences] {
    var differences: [ChunkDifferences] = []
    for (part, result) in results.enumerated() {
      var cursor = ByteCursor(result)
      while cursor.remaining > 0 {
        guard differences.count < tokens.chunks.count,
          let next = try? ChunkDifferences(empty, from: &cursor),
          next.isPlausible(positionCount: tokens.comparedPositions(of: tokens.chunks[differences.count]).count)
        else { throw UnreadableResult(part: part) }
        differences.append(next)
      }
    }
    guard differences.count == tokens.chunks.count else { throw UnreadableResult(part: results.count - 1) }
    return differences
  }
}
