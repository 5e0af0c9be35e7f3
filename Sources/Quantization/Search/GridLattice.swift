// The rows of a grid among all points with its levels, and for each point that is not a row the rows near it.
//
// The distance of two points is the sum of the squared differences of their digits. The rows near a point are those at
// the `shellCount` least distances that occur; the nearest come first, equally near ones in the order of the grid. This
// rule reproduces the lists of ggml-quants.c `iq2xs_init_impl` and `iq3xs_init_impl` (llama.cpp 0c1e57098). A lattice
// is computed when its format is first used.

/// A grid in the lattice of its levels: eight digits of three levels, or four of eight.
///
/// A point's code has two bits for each of eight digits, or three for each of four, low ones first.
struct GridLattice: Sendable {
  /// The digits of each row, one byte each.
  let rows: [UInt64]
  /// 2 · digit + 1 of each row, one byte each.
  let odds: [UInt64]
  /// The code of each row.
  let codes: [UInt16]
  /// One byte for each digit of each row: 4 · (place · termStride + digit), an eighth of the byte offset of a vector of eight
  /// floats among those of all places and digits.
  let steps: [UInt64]
  let levelCount: Int
  /// By code: the index of a row or, for any other point, the start of its list in `neighbors`, complemented.
  private let places: [Int32]
  /// The lists: a count, followed by that many row indices.
  private let neighbors: [UInt16]

  /// The kind of a point.
  enum Point {
    /// A row of the grid.
    case row(Int)
    /// Not a row; the rows near it are listed in `neighbors`.
    case between(Range<Int>)
  }

  init(digits rows: [UInt64], levelCount: Int, shellCount: Int) {
    self.rows = rows
    let ones: UInt64 = levelCount == 3 ? 0x0101_0101_0101_0101 : 0x0101_0101
    odds = rows.map { $0 << 1 | ones }
    self.levelCount = levelCount
    let digitCount = levelCount == 3 ? 8 : 4
    let bits = levelCount == 3 ? 2 : 3
    let firstTerms: UInt64 = levelCount == 3 ? 0x7060_5040_3020_1000 : 0x6040_2000
    steps = rows.map { $0 << 2 | firstTerms }
    // Points are pairs of halves; distances of halves are looked up.
    let halfCount = digitCount / 2
    let halves = (0..<Self.power(levelCount, halfCount)).map { Self.digits($0, base: levelCount, count: halfCount) }
    let distances = halves.flatMap { first in
      halves.map { second in zip(first, second).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
    }
    let halfCodes = halves.map { digits in digits.reversed().reduce(0) { $0 << bits | $1 } }
    let rowHalves = rows.map { row in
      let digits = (0..<digitCount).map { Int(row >> UInt64(8 * $0) & 255) }
      func half(_ digits: ArraySlice<Int>) -> Int { digits.reversed().reduce(0) { $0 * levelCount + $1 } }
      return (low: half(digits[..<halfCount]), high: half(digits[halfCount...]))
    }

    var places = [Int32](repeating: 0, count: 1 << (bits * digitCount))
    var neighbors: [UInt16] = []
    var found = [UInt8](repeating: 0, count: rows.count)
    let greatest = (levelCount - 1) * (levelCount - 1) * digitCount
    for high in halves.indices {
      for low in halves.indices {
        var counts = [Int](repeating: 0, count: greatest + 1)
        for (index, row) in rowHalves.enumerated() {
          let distance = distances[low * halves.count + row.low] + distances[high * halves.count + row.high]
          found[index] = UInt8(distance)
          counts[distance] += 1
        }
        let code = halfCodes[low] | halfCodes[high] << (bits * halfCount)
        let shells = counts.indices.filter { counts[$0] > 0 }.prefix(shellCount)
        if shells.first == 0 {
          places[code] = Int32(found.firstIndex(of: 0) ?? 0)
          continue
        }
        places[code] = ~Int32(neighbors.count)
        neighbors.append(UInt16(shells.reduce(0) { $0 + counts[$1] }))
        for shell in shells {
          for index in found.indices where found[index] == UInt8(shell) { neighbors.append(UInt16(index)) }
        }
      }
    }
    codes = rowHalves.map { UInt16(halfCodes[$0.low] | halfCodes[$0.high] << (bits * halfCount)) }
    self.places = places
    self.neighbors = neighbors
  }

  private static func power(_ base: Int, _ exponent: Int) -> Int {
    (0..<exponent).reduce(1) { power, _ in power * base }
  }

  private static func digits(_ number: Int, base: Int, count: Int) -> [Int] {
    (0..<count).map { number / power(base, $0) % base }
  }

  @inline(__always)
  func point(_ code: Int) -> Point {
    let place = Int(places[code])
    if place >= 0 { return .row(place) }
    let start = ~place
    return .between(start &+ 1..<start &+ 1 &+ Int(neighbors[start]))
  }

  /// The row indices of a list.
  var nearRows: Span<UInt16> {
    @inline(__always)
    get { neighbors.span }
  }
}
