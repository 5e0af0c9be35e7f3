import Bytes
import Formats

/// Sums of squares, one for each column, that have the same bits for any order and grouping of the squares.
///
/// The square of a float32 is exact in a double. Its bits are cut at multiples of 36, and each sum adds up the slices of the two
/// highest places in use as integers:
///
///     place          top        top - 1      below
///     2^(36·place)   │ high     │ low        │ left out
///
/// So a sum leaves out less than 2⁻³⁶ of the greatest square for each square. Which bits are left out follows from the greatest
/// square alone, so no order matters. A sum holds 2²⁸ squares.
struct OrderFreeSums: Sendable, Equatable {
  /// The bits of a slice, and the most squares that fit.
  private static let sliceBits = 36
  static let maximumCount = 1 << (UInt64.bitWidth - sliceBits)
  /// The top place before anything is added: below that of the least square, 2⁻²⁹⁸.
  private static let noPlace: Int8 = -10
  /// That of the greatest square, below 2²⁵⁶.
  private static let greatestPlace: Int8 = 7

  private(set) var high: [UInt64], low: [UInt64]
  private(set) var top: [Int8]

  init(count: Int) {
    high = [UInt64](repeating: 0, count: count)
    low = high
    top = [Int8](repeating: Self.noPlace, count: count)
  }

  /// The number of sums.
  var count: Int { top.count }

  /// Adds the squares of `values` to the sums from `start` on.
  ///
  /// - Returns: the index of a value that is NaN or infinite, if there is one; it counts for nothing.
  mutating func addSquares(_ values: Span<Float>, from start: Int) -> Int? {
    var bad: Int?
    for index in 0..<values.count {
      let value = Double(values[index])
      if value == 0 { continue }
      guard value.isFinite else {
        bad = bad ?? index
        continue
      }
      add(value * value, to: start + index)
    }
    return bad
  }

  /// Adds a positive double without digits beyond 2⁻²⁹⁸.
  private mutating func add(_ square: Double, to index: Int) {
    let place = Self.place(of: square)
    if place > top[index] { raise(index, to: place) }
    let lowest = Self.sliceBits * (Int(top[index]) - 1)
    // The square is significand · 2^exponent.
    let significand = UInt128(square.significandBitPattern | 1 << 52)
    let shift = Int(square.exponent) - 52 - lowest
    let scaled = shift >= 0 ? significand << shift : shift > -64 ? significand >> -shift : 0
    low[index] &+= UInt64(truncatingIfNeeded: scaled) & (1 << Self.sliceBits - 1)
    high[index] &+= UInt64(truncatingIfNeeded: scaled >> Self.sliceBits)
  }

  private static func place(of square: Double) -> Int8 {
    let exponent = Int(square.exponent)
    return Int8(exponent >= 0 ? exponent / sliceBits : -((sliceBits - 1 - exponent) / sliceBits))
  }

  /// Makes `place` the top place of a sum, and leaves out what is two places below and more.
  private mutating func raise(_ index: Int, to place: Int8) {
    low[index] = place == top[index] + 1 ? high[index] : 0
    high[index] = 0
    top[index] = place
  }

  /// Adds the sums of `other`, which has as many.
  mutating func add(_ other: OrderFreeSums) {
    precondition(other.count == count)
    for index in 0..<count {
      if other.top[index] > top[index] { raise(index, to: other.top[index]) }
      switch top[index] - other.top[index] {
      case 0:
        high[index] &+= other.high[index]
        low[index] &+= other.low[index]
      case 1: low[index] &+= other.high[index]
      default: break
      }
    }
  }

  /// Whether the sum at `index` is within float32.
  func isFinite(_ index: Int) -> Bool {
    // Both slices are below 2⁶⁴, so a sum of a low place is.
    Self.sliceBits * Int(top[index]) + UInt64.bitWidth < Int(Float.greatestFiniteMagnitude.exponent)
      || value(index).isFinite
  }

  /// The sum at `index`, rounded; infinite beyond float32.
  func value(_ index: Int) -> Float {
    let slices =
      Double(high[index]) * Double(sign: .plus, exponent: Self.sliceBits, significand: 1) + Double(low[index])
    return Float(slices * Double(sign: .plus, exponent: Self.sliceBits * (Int(top[index]) - 1), significand: 1))
  }
}

extension OrderFreeSums {
  /// Appends the slices and places of all sums.
  func append(to bytes: inout [UInt8]) {
    bytes.reserveCapacity(bytes.count + count * 17)
    for slices in [high, low] { for slice in slices { bytes.appendLittleEndian(slice) } }
    for place in top { bytes.append(UInt8(bitPattern: place)) }
  }

  /// Reads `count` sums; nil if a place is none of a square.
  init?(count: Int, from cursor: inout ByteCursor) throws(ByteCursor.Failure) {
    high = try cursor.readArray(of: UInt64.self, count: count)
    low = try cursor.readArray(of: UInt64.self, count: count)
    top = try cursor.readArray(of: UInt8.self, count: count).map { Int8(bitPattern: $0) }
    guard top.allSatisfy((Self.noPlace...Self.greatestPlace).contains) else { return nil }
  }
}
