// GridSearch.swift with vectors: lanes are tries.
//
// From one try to the next most groups keep their digits, and so their list of near rows. So a list is gone through once for
// up to eight tries in a row, each with its own scale; and the sums of a try are only recomputed when a row has
// changed. Each lane adds its terms in the order of the definition.

/// A search with its working memory, for one sub-block after the other.
struct GridLanes<Format: GridReference> {
  /// What came of a sub-block.
  private enum Outcome {
    case negligible
    case found(scale: Float)
    /// The numbers are too large, or not plain enough to be rounded with vectors.
    case unusual
  }

  private let lattice: GridLattice
  private var weights = InlineArray<32, Float>(repeating: 0)
  private var roots = InlineArray<32, Float>(repeating: 0)
  private var x = InlineArray<32, Float>(repeating: 0)
  /// weight · x
  private var weighted = InlineArray<32, Float>(repeating: 0)
  /// Inverse scales of tries, and scales; some more so that eight can be read from any try on.
  private var inverses = InlineArray<40, Float>(repeating: 1)
  private var scales = InlineArray<40, Float>(repeating: 1)
  /// Codes of each group's digits, try by try.
  private var codes = InlineArray<256, UInt32>(repeating: 0)
  /// Rows of each group, try by try; `offMark` is added where the digits were none.
  private var tried = InlineArray<256, UInt16>(repeating: 0)
  private var terms = InlineArray<32, Floats>(repeating: .zero)
  private var signs = InlineArray<4, UInt8>(repeating: 0)
  private var rows = InlineArray<8, UInt16>(repeating: 0)

  @inline(__always)
  private static var offMark: UInt16 { 0x8000 }
  @inline(__always)
  private static var digitCount: Int { Format.levelCount == 3 ? 8 : 4 }
  @inline(__always)
  private static var digitBits: Int { Format.levelCount == 3 ? 2 : 3 }
  @inline(__always)
  private static var groupCount: Int { Format.elementCount / digitCount }

  init() { lattice = Format.lattice }

  /// Searches the block at byte `source`; nil if it is left to the definition.
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
    // Digits of elements that are much greater than all others together are rounded by the definition.
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

  /// The codes of a group's digits in each try.
  @inline(__always)
  private mutating func findCodes(_ group: Int, _ tryCount: Int) {
    let half = Floats(repeating: 0.5), one = Floats(repeating: 1)
    for first in stride(from: 0, to: tryCount, by: 8) {
      let inverse = inverses.span.bytes.floats(at: first &* floatByteCount)
      var code = Floats.zero
      for place in (0..<Self.digitCount).reversed() {
        let scaled = inverse * Floats(repeating: x[group &* Self.digitCount &+ place])
        let digit = (half * (scaled - one)).nearestSmall.clamped(0, Float(Format.levelCount &- 1))
        code = code * Floats(repeating: Float(1 &<< Self.digitBits)) + digit
      }
      let words = code.wholeWords
      for lane in 0..<8 { codes[group &* 32 &+ ((first &+ lane) & 31)] = words[lane] }
    }
  }

  /// The rows of a group in each try; false if numbers are too large.
  @inline(__always)
  private mutating func findRows(_ group: Int, _ tryCount: Int) -> Bool {
    var start = 0
    while start < tryCount {
      let code = codes[group &* 32 &+ start]
      var end = start &+ 1
      while end < tryCount, codes[group &* 32 &+ end] == code { end &+= 1 }
      switch lattice.point(Int(truncatingIfNeeded: code)) {
      case .row(let row):
        for index in start..<end { tried[group &* 32 &+ index] = UInt16(truncatingIfNeeded: row) }
      case .between(let candidates):
        var first = start
        while first < end {
          let (best, found) = nearest(candidates, group, scales.span.bytes.floats(at: first &* floatByteCount))
          for index in first..<min(end, first &+ 8) {
            guard best[index &- first] < .greatestFiniteMagnitude else { return false }
            tried[group &* 32 &+ index] = UInt16(truncatingIfNeeded: found[index &- first]) | Self.offMark
          }
          first &+= 8
        }
      }
      start = end
    }
    return true
  }

  /// The nearest of the rows of a list for each of eight scales, and how far it is.
  @inline(__always)
  private mutating func nearest(_ candidates: Range<Int>, _ group: Int, _ scale: Floats) -> (Floats, Words) {
    let first = group &* Self.digitCount
    for level in 0..<Format.levelCount {
      let scaled = scale * Floats(repeating: Float(2 &* level &+ 1))
      for place in 0..<Self.digitCount {
        let difference = scaled - Floats(repeating: x[first &+ place])
        terms[place &* Self.termStride &+ level] = Floats(repeating: roots[first &+ place]) * difference * difference
      }
    }
    var best = Floats(repeating: .greatestFiniteMagnitude)
    var found = Words.zero
    let near = lattice.nearRows, rows = lattice.rows.span
    let terms = self.terms.span
    for index in candidates {
      let number = near[index]
      let row = rows[Int(number)]
      var distance = Floats.zero
      for place in 0..<Self.digitCount {
        let digit = Int(truncatingIfNeeded: row &>> UInt64(truncatingIfNeeded: place &* 8)) & (Self.termStride &- 1)
        distance += terms[(place &* Self.termStride &+ digit) & 31]
      }
      let isLess = distance .< best
      if isLess.isAnySet {
        best.replace(with: distance, where: isLess)
        found.replace(with: Words(repeating: UInt32(number)), where: isLess)
      }
    }
    return (best, found)
  }

  @inline(__always)
  private static var termStride: Int { Format.levelCount == 3 ? 4 : 8 }

  /// Whether the rows of a try are not those of the one before.
  @inline(__always)
  private mutating func hasChanged(_ index: Int) -> Bool {
    var difference: UInt16 = 0
    for group in 0..<Self.groupCount {
      difference |= tried[group &* 32 &+ index] ^ tried[group &* 32 &+ index &- 1]
    }
    return difference & ~Self.offMark != 0
  }

  @inline(__always)
  private mutating func sums(_ numbers: SIMD8<UInt16>) -> (product: Float, square: Float) {
    var product: Float = 0
    var square: Float = 0
    let odds = lattice.odds.span
    let weights = self.weights.span.bytes, weighted = self.weighted.span.bytes
    for eight in 0..<Format.elementCount / 8 {
      let bytes =
        Self.digitCount == 8
        ? odds[Int(numbers[eight])]
        : odds[Int(numbers[eight &* 2])] | odds[Int(numbers[(eight &* 2 &+ 1) & 7])] &<< 32
      let quants = Floats(unsafeBitCast(bytes, to: SIMD8<UInt8>.self))
      let products = weighted.floats(at: eight &* 32) * quants
      let squares = weights.floats(at: eight &* 32) * quants * quants
      for lane in 0..<8 {
        product += products[lane]
        square += squares[lane]
      }
    }
    return (product, square)
  }

  /// Recomputes the digits of the groups of `mask` by the scale, and the scale by them; false if values are too large.
  @inline(__always)
  private mutating func renew(_ mask: UInt32, _ scale: inout Float) -> Bool {
    let inverse = 1 / scale
    for group in 0..<Self.groupCount where (mask &>> UInt32(truncatingIfNeeded: group)) & 1 == 1 {
      var code = 0
      for place in (0..<Self.digitCount).reversed() {
        let digit = nearestInteger(0.5 * (inverse * x[group &* Self.digitCount &+ place] - 1))
        code = code &<< Self.digitBits | digit.clamped(0, Format.levelCount &- 1)
      }
      switch lattice.point(code) {
      case .row(let row): rows[group] = UInt16(truncatingIfNeeded: row)
      case .between(let candidates):
        let (best, found) = nearest(candidates, group, Floats(repeating: scale))
        guard best[0] < .greatestFiniteMagnitude else { return false }
        rows[group] = UInt16(truncatingIfNeeded: found[0])
      }
    }
    var found = SIMD8<UInt16>.zero
    for group in 0..<Self.groupCount { found[group] = rows[group] }
    let sums = sums(found)
    if sums.square > 0 { scale = sums.product / sums.square }
    return true
  }

  @inline(never)
  private func positiveScale() -> Float {
    let places = 0..<Format.elementCount
    return positiveSearch(
      places.map { x[$0] }, weights: places.map { weights[$0] }, maximum: Format.levelCount + 1
    ).scale
  }
}
