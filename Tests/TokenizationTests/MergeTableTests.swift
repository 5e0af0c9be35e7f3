import TestSupport
import Testing

@testable import Tokenization

@Suite("A merge table")
struct MergeTableTests {
  private func table(_ merges: [(Int, Int, Int)]) -> MergeTable {
    merges.reduce(into: MergeTable()) { $0.add($1.0, $1.1, result: $1.2) }
  }

  private func merged(_ symbols: [UInt32], _ table: MergeTable) -> [UInt32] {
    var symbols = symbols
    table.merge(&symbols)
    return symbols
  }

  @Test("joins the pair of the lowest rank first")
  func lowestRank() {
    #expect(merged([1, 2, 3], table([(1, 2, 4), (2, 3, 5)])) == [4, 3])
    #expect(merged([1, 2, 3], table([(2, 3, 5), (1, 2, 4)])) == [1, 5])
    #expect(merged([1, 2, 3], table([(1, 2, 4), (4, 3, 6)])) == [6])
  }

  @Test("joins the leftmost of equal pairs")
  func leftmost() {
    #expect(merged([1, 1, 1], table([(1, 1, 2)])) == [2, 1])
    #expect(merged([1, 1, 1, 1], table([(1, 1, 2), (2, 2, 3)])) == [3])
  }

  @Test("keeps the first rank of a pair")
  func firstRank() {
    let table = table([(1, 2, 4), (1, 2, 5)])
    #expect(table.count == 1)
    #expect(merged([1, 2], table) == [4])
  }

  @Test("leaves symbols alone that no pair joins", arguments: [[], [7], [7, 8], [1, 7, 2]] as [[UInt32]])
  func noPair(symbols: [UInt32]) {
    #expect(merged(symbols, table([(1, 2, 4)])) == symbols)
  }

  /// Joins one pair at a time, looking at all of them: the definition of both ways above.
  private func naively(_ symbols: [UInt32], _ merges: [(Int, Int, Int)]) -> [UInt32] {
    var symbols = symbols
    search: while true {
      for (left, right, result) in merges {
        for index in symbols.indices.dropLast() where symbols[index] == left && symbols[index + 1] == right {
          symbols.replaceSubrange(index...index + 1, with: [UInt32(result)])
          continue search
        }
      }
      return symbols
    }
  }

  @Test("joins long texts as short ones", arguments: [MergeTable.shortCount, MergeTable.shortCount + 1, 200])
  func anyLength(count: Int) {
    var generator = SeededGenerator(seed: UInt64(count))
    var merges: [(Int, Int, Int)] = []
    for result in 4..<24 {
      let pair = (Int.random(in: 0..<result, using: &generator), Int.random(in: 0..<result, using: &generator))
      if !merges.contains(where: { $0.0 == pair.0 && $0.1 == pair.1 }) { merges.append((pair.0, pair.1, result)) }
    }
    for _ in 0..<20 {
      let symbols = (0..<count).map { _ in UInt32.random(in: 0..<4, using: &generator) }
      #expect(merged(symbols, table(merges)) == naively(symbols, merges))
    }
  }
}
