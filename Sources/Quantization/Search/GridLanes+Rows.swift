// The rows of each group in each try, and the sums that rate a try.

extension GridLanes {
  /// The codes of a group's digits in each try.
  @inline(__always)
  mutating func findCodes(_ group: Int, _ tryCount: Int) {
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

  /// Finds the rows of a group in each try; false if the values are too large.
  @inline(__always)
  mutating func findRows(_ group: Int, _ tryCount: Int) -> Bool {
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

  /// The nearest row of a list for each of eight scales, and its distance.
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
    let near = lattice.nearRows, steps = lattice.steps.span
    let terms = self.terms.span.bytes
    for index in candidates {
      let number = near[index]
      let row = steps[Int(number)]
      func term(_ place: Int) -> Floats {
        let step = UInt8(truncatingIfNeeded: row &>> UInt64(truncatingIfNeeded: place &* 8))
        return terms.floats(at: Int(step & 0x7C) &* 8)
      }
      var distance = term(0)
      for place in 1..<Self.digitCount { distance += term(place) }
      let isLess = distance .< best
      best = best.lesser(distance)
      found = found.choosing(Words(repeating: UInt32(number)), where: isLess)
    }
    return (best, found)
  }

  @inline(__always)
  private static var termStride: Int { Format.levelCount == 3 ? 4 : 8 }

  /// Whether the rows of a try differ from those of the previous one.
  @inline(__always)
  mutating func hasChanged(_ index: Int) -> Bool {
    var difference: UInt16 = 0
    for group in 0..<Self.groupCount {
      difference |= tried[group &* 32 &+ index] ^ tried[group &* 32 &+ index &- 1]
    }
    return difference & ~Self.offMark != 0
  }

  @inline(__always)
  mutating func sums(_ numbers: SIMD8<UInt16>) -> (product: Float, square: Float) {
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

  /// Recomputes the digits of the groups in `mask` from the scale, then the scale from them; false if the values are
  /// too large.
  @inline(__always)
  mutating func renew(_ mask: UInt32, _ scale: inout Float) -> Bool {
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
}
