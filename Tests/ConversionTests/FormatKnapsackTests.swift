import TestSupport
import Testing

@testable import Conversion

/// The choice of sizes against trying all of them.
@Suite("A format knapsack")
struct FormatKnapsackTests {
  typealias Choice = FormatKnapsack.Choice

  /// Items as matrices are: each choice larger and, mostly, better than the one before.
  private func items(_ generator: inout SeededGenerator, count: Int) -> [[Choice]] {
    (0..<count).map { _ in
      let scale = Int(generator.next() % 64) + 1
      let weight = Double(generator.next() % 100 + 1)
      var error = 1.0
      return (0..<5).map { index in
        error *= Double(generator.next() % 90 + 10) / 100
        return Choice(byteCount: scale * (10 + 7 * index), cost: weight * error)
      }
    }
  }

  /// The least cost of all choices that fit.
  private func best(_ items: ArraySlice<[Choice]>, _ room: Int) -> Double? {
    guard let first = items.first else { return 0 }
    return first.compactMap { choice -> Double? in
      guard choice.byteCount <= room else { return nil }
      return best(items.dropFirst(), room - choice.byteCount).map { $0 + choice.cost }
    }.min()
  }

  @Test("comes close to the best of all choices", arguments: 0..<60)
  func closeness(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let items = items(&generator, count: 7)
    let smallest = FormatKnapsack.minimumByteCount(items)
    let greatest = items.reduce(0) { $0 + ($1.map(\.byteCount).max() ?? 0) }
    let limit = smallest + Int(generator.next() % UInt64(greatest - smallest + 1))
    let allocator = FormatKnapsack(items, limit: limit)
    let optimum = try #require(best(items[...], limit))
    #expect(allocator.byteCount <= limit)
    #expect(allocator.lowerBound <= optimum * (1 + 1e-12))
    #expect(allocator.cost >= optimum * (1 - 1e-12))
    // Items are few and steps are large here; the part of a step that does not fit is what may be lost.
    #expect(allocator.cost <= optimum * 1.2)
  }

  @Test("leaves choices that are never best out of the hull")
  func hull() {
    // 20 bytes cost more than a mixture of 10 and 30; 40 are worse than 30.
    let choices = [(30, 2.0), (10, 10.0), (20, 9.0), (40, 3.0), (50, 1.0)].map { Choice(byteCount: $0.0, cost: $0.1) }
    #expect(FormatKnapsack.hull(choices) == [1, 0, 4])
  }

  @Test("fills the remaining bytes with choices outside the hull")
  func remainder() {
    let choices = [(10, 10.0), (20, 9.0), (30, 2.0)].map { Choice(byteCount: $0.0, cost: $0.1) }
    #expect(FormatKnapsack([choices], limit: 29).picks == [1])
    #expect(FormatKnapsack([choices], limit: 30).picks == [2])
    #expect(FormatKnapsack([choices, choices], limit: 40).picks == [2, 0])
  }
}
