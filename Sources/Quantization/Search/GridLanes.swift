// GridSearch.swift with vectors: a lane is a try.
//
// From one try to the next most groups keep their digits, and therefore their list of near rows. One pass over a list
// serves up to eight consecutive tries, each with its own scale; the sums that rate a try are only recomputed when a
// row has changed. Each lane adds its terms in the order of the scalar implementation.

/// A search with its working memory, used for one sub-block after another.
struct GridLanes<Format: GridReference> {
  /// The result for a sub-block.
  private enum Outcome {
    case negligible
    case found(scale: Float)
    /// The values are too large, or not within the range that vectors round exactly.
    case unusual
  }

  let lattice: GridLattice
  var weights = InlineArray<32, Float>(repeating: 0)
  var roots = InlineArray<32, Float>(repeating: 0)
  var x = InlineArray<32, Float>(repeating: 0)
  /// weight · x.
  var weighted = InlineArray<32, Float>(repeating: 0)
  /// Inverse scales of tries, and scales, padded so that eight can be read from any try on.
  var inverses = InlineArray<40, Float>(repeating: 1)
  var scales = InlineArray<40, Float>(repeating: 1)
  /// Codes of each group's digits, try after try.
  var codes = InlineArray<256, UInt32>(repeating: 0)
  /// Rows of each group, try after try; `offMark` is added if the digits are not a row.
  var tried = InlineArray<256, UInt16>(repeating: 0)
  var terms = InlineArray<32, Floats>(repeating: .zero)
  private var signs = InlineArray<4, UInt8>(repeating: 0)
  var rows = InlineArray<8, UInt16>(repeating: 0)

  @inline(__always)
  static var offMark: UInt16 { 0x8000 }
  @inline(__always)
  static var digitCount: Int { Format.levelCount == 3 ? 8 : 4 }
  @inline(__always)
  static var digitBits: Int { Format.levelCount == 3 ? 2 : 3 }
  @inline(__always)
  static var groupCount: Int { Format.elementCount / digitCount }

  init() { lattice = Format.lattice }

  /// Searches the block at byte `source`; nil if only the scalar implementation can encode it.
  @inline(never)
  mutating func block(_ values: RawSpan, at source: Int, importance: RawSpan?) -> GridBlock? {
    let variance = Format.search.varianceFactor * values.sumOfSquares(at: source, count: 256) / 256
    var block = GridBlock()
    var scales = InlineArray<16, Float>(repeating: 0)
    var greatest: Float = 0
    for index in 0..<256 / Format.elementCount {
      let offset = source &+ index &* Format.elementCount &* floatByteCount
      switch search(values, at: offset, variance: variance, importance: importance) {
      case .unusual: return nil
      case .negligible: break
      case .found(let scale):
        block.isFound[index] = true
        scales[index] = scale
        if scale > greatest { greatest = scale }
        for group in 0..<Self.groupCount { block.rows[index &* Self.groupCount &+ group] = rows[group] }
        for eight in 0..<Format.elementCount / 8 {
          block.signs[index &* (Format.elementCount / 8) &+ eight] = signs[eight]
        }
      }
    }
    if greatest == 0 { return Format.search.clearsZeroBlocks ? GridBlock() : block }
    let scale = greatest / 31
    let inverse = 1 / scale
    block.scaleBits = (scale * Format.search.scaleFactor).halfBits
    for index in 0..<256 / Format.elementCount {
      let number = nearestInteger(0.5 * (inverse * scales[index] - 1)).clamped(0, 15)
      block.scales[index] = UInt8(truncatingIfNeeded: number)
    }
    return block
  }

  /// Searches the sub-block at byte `source`.
  @inline(__always)
  private mutating func search(_ values: RawSpan, at source: Int, variance: Float, importance: RawSpan?) -> Outcome {
    let search = Format.search
    for index in 0..<Format.elementCount {
      let value = values.float(at: source &+ index &* floatByteCount)
      let weight: Float
      if let importance {
        weight =
          importance.float(at: source &+ index &* floatByteCount) * (variance + value * value).squareRoot()
      } else if search.plainWeight == .raisedSquare {
        weight = 0.25 * variance + value * value
      } else {
        weight = value * value
      }
      weights[index] = weight
      roots[index] = weight.squareRoot()
    }
    takeSigns(values, at: source, areSeven: search.signs == .seven)
    var greatest = x[0]
    var magnitude: Float = 0
    for index in 0..<Format.elementCount {
      weighted[index] = weights[index] * x[index]
      if x[index] > greatest { greatest = x[index] }
      if abs(x[index]) > magnitude { magnitude = abs(x[index]) }
    }
    if greatest < search.negligible { return .negligible }

    let odd = Float(2 &* Format.levelCount &- 1)
    var scale = greatest / odd
    var base = greatest
    if search.startsWithPositiveSearch {
      scale = positiveScale()
      base = scale * Float(Format.levelCount)
      if base <= 0 { return .negligible }
    }
    let tryCount = 2 &* search.tryCount &+ 1
    for index in 0..<tryCount {
      let inverse = (odd + Float(index &- search.tryCount) * search.step) / base
      inverses[index] = inverse
      scales[index] = 1 / inverse
    }
    // If an element's digit exceeds what vectors round exactly, the scalar implementation searches the sub-block.
    guard inverses[tryCount &- 1] * magnitude < 0x1p20 else { return .unusual }

    for group in 0..<Self.groupCount {
      findCodes(group, tryCount)
      guard findRows(group, tryCount) else { return .unusual }
    }
    var isOff: UInt32 = search.renewal == .allIfOneOff ? 1 : 0
    for group in 0..<Self.groupCount { rows[group] = 0 }
    var best: Float = 0
    var sums: (product: Float, square: Float) = (0, 0)
    for index in 0..<tryCount {
      if index == 0 || hasChanged(index) {
        var rows = SIMD8<UInt16>.zero
        for group in 0..<Self.groupCount { rows[group] = tried[group &* 32 &+ index] & ~Self.offMark }
        sums = self.sums(rows)
      }
      if sums.square > 0, sums.product * sums.product > best * sums.square {
        scale = sums.product / sums.square
        best = scale * sums.product
        isOff = 0
        for group in 0..<Self.groupCount {
          let row = tried[group &* 32 &+ index]
          rows[group] = row & ~Self.offMark
          isOff |= UInt32(row &>> 15) &<< UInt32(truncatingIfNeeded: group)
        }
      }
    }
    if scale > 0, search.renewal == .all || isOff != 0 {
      guard renew(search.renewal == .off ? isOff : .max, &scale) else { return .unusual }
    }
    if scale < 0 {
      scale = -scale
      for index in 0..<Format.elementCount / 8 {
        signs[index] = ~signs[index] & (search.signs == .seven ? 127 : 255)
      }
    }
    return scale >= 0 ? .found(scale: scale) : .unusual
  }

  @inline(__always)
  private mutating func takeSigns(_ values: RawSpan, at source: Int, areSeven: Bool) {
    for eight in 0..<Format.elementCount / 8 {
      var bits: UInt8 = 0
      for place in 0..<8 {
        let value = values.float(at: source &+ (eight &* 8 &+ place) &* floatByteCount)
        x[eight &* 8 &+ place] = abs(value)
        bits |= (value < 0 ? 1 : 0) &<< UInt8(truncatingIfNeeded: place)
      }
      if areSeven {
        if bits.nonzeroBitCount & 1 == 1 {
          var least = 0
          var leastEnergy = Float.infinity
          for place in 0..<8 {
            let value = x[eight &* 8 &+ place]
            let energy = weights[eight &* 8 &+ place] * value * value
            if place == 0 || energy < leastEnergy { (least, leastEnergy) = (place, energy) }
          }
          x[eight &* 8 &+ least] = -x[eight &* 8 &+ least]
          bits ^= 1 &<< UInt8(truncatingIfNeeded: least)
        }
        bits &= 127
      }
      signs[eight] = bits
    }
  }

  @inline(never)
  private func positiveScale() -> Float {
    let places = 0..<Format.elementCount
    return positiveSearch(
      places.map { x[$0] }, weights: places.map { weights[$0] }, maximum: Format.levelCount + 1
    ).scale
  }
}
