import TestSupport
import Testing

@testable import Evaluation

@Suite("Sums of squares in any order")
struct OrderFreeSumsTests {
  /// Floats of all magnitudes from subnormal to the greatest, of both signs.
  private static func values(_ count: Int, _ generator: inout SeededGenerator) -> [Float] {
    (0..<count).map { _ in
      let bits = UInt32.random(in: 0 ... .max, using: &generator)
      let value = Float(bitPattern: bits)
      return value.isFinite ? value : 0
    }
  }

  private func add(_ values: [Float], to sums: inout OrderFreeSums, from start: Int = 0) -> Int? {
    sums.addSquares(values.span, from: start)
  }

  /// Rows of `width` values, added in groups that are then joined.
  private func sums(_ rows: [[Float]], groups: Int) -> OrderFreeSums {
    let width = rows[0].count
    var total = OrderFreeSums(count: width)
    for group in 0..<groups {
      var sums = OrderFreeSums(count: width)
      for row in stride(from: group, to: rows.count, by: groups) {
        #expect(add(rows[row], to: &sums) == nil)
      }
      total.add(sums)
    }
    return total
  }

  @Test("have the same bits for any order and groups")
  func orders() {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<20 {
      var rows = (0..<50).map { _ in Self.values(17, &generator) }
      let expected = sums(rows, groups: 1)
      for groups in [1, 2, 7, 50] {
        rows.shuffle(using: &generator)
        let found = sums(rows, groups: groups)
        #expect(found == expected)
        #expect((0..<17).allSatisfy { found.value($0).bitPattern == expected.value($0).bitPattern })
      }
    }
  }

  @Test("agree with exact sums of integers")
  func integers() {
    var generator = SeededGenerator(seed: 12)
    let scales: [Float] = [0x1p-100, 0x1p-40, 1, 0x1p20, 0x1p30]
    for scale in scales {
      var sums = OrderFreeSums(count: 1), exact = UInt128(0)
      for _ in 0..<1000 {
        let integer = Int.random(in: -60_000...60_000, using: &generator)
        _ = add([Float(integer) * scale], to: &sums)
        exact += UInt128(integer * integer)
      }
      // Below 2^53, so that a double has it exactly.
      #expect(sums.value(0) == Float(Double(exact) * Double(scale) * Double(scale)))
    }
  }

  @Test("tell values and sums that are not finite")
  func nonfinite() {
    var sums = OrderFreeSums(count: 3)
    #expect(add([1, .nan, .infinity], to: &sums) == 1)
    #expect(sums.value(0) == 1 && sums.value(1) == 0)
    #expect(add([0x1p63], to: &sums, from: 2) == nil && sums.isFinite(2))
    #expect(add([0x1.8p63], to: &sums, from: 2) == nil && sums.isFinite(2))
    #expect(add([0x1.8p63], to: &sums, from: 2) == nil && !sums.isFinite(2))
    #expect(sums.isFinite(0) && sums.isFinite(1))
  }

  @Test("hold as many squares as they say")
  func maximum() {
    var sums = OrderFreeSums(count: 1)
    _ = add([Float(0x1.fffffep35).squareRoot()], to: &sums)
    // Doubling is adding to itself.
    for _ in 0..<27 {
      let same = sums
      sums.add(same)
    }
    let single = Double(Float(0x1.fffffep35).squareRoot())
    #expect(sums.value(0) == Float(single * single * 0x1p27))
  }
}
