/// Finds the rows for the digits of SplitLanes.swift.
///
/// The terms of a group's elements and digits are computed once, and so are the sums of the first four.
struct SplitRows {
  private let lattice = Grid.Lattice.iq1
  private var terms = InlineArray<32, Float>(repeating: 0)
  /// Sums of the first four terms, indexed by the digits' code; a vector has those of the first digit.
  private var sums = InlineArray<64, SIMD4<Float>>(repeating: .zero)

  /// The rows for `digits`, and the scale for these; nil if the values are too large. `isDown` has a bit for each
  /// group.
  @inline(__always)
  mutating func find(
    _ values: RawSpan, at source: Int, weights: Span<Float>, from first: Int, digits: UInt64, scale: Float,
    isDown: UInt32, groupCount: Int, into rows: inout InlineArray<32, UInt16>, at firstRow: Int
  ) -> Float? {
    var isOff = false
    for group in 0..<groupCount {
      let code = Int(truncatingIfNeeded: digits &>> UInt64(truncatingIfNeeded: group &* 16)) & 0xFFFF
      switch lattice.point(code) {
      case .row(let row): rows[firstRow &+ group] = UInt16(truncatingIfNeeded: row)
      case .between(let candidates):
        isOff = true
        fillTerms(
          values.floats(at: source &+ group &* 32), weights.bytes.floats(at: (first &+ group &* 8) &* floatByteCount),
          scale, isDown: (isDown &>> UInt32(truncatingIfNeeded: group)) & 1 == 1)
        guard let row = nearest(candidates) else { return nil }
        rows[firstRow &+ group] = row
      }
    }
    guard isOff else { return scale >= 0 ? scale : nil }
    var product: Float = 0
    var square: Float = 0
    for group in 0..<groupCount {
      let digits = lattice.rows[Int(rows[firstRow &+ group])]
      let shift = SplitSearch.shift((isDown &>> UInt32(truncatingIfNeeded: group)) & 1 == 1)
      for place in 0..<8 {
        let weight = weights[first &+ group &* 8 &+ place]
        let quant = Float(Int32(truncatingIfNeeded: digits &>> UInt64(truncatingIfNeeded: place &* 8)) & 3) + shift
        product += weight * quant * values.float(at: source &+ (group &* 8 &+ place) &* floatByteCount)
        square += weight * quant * quant
      }
    }
    let found = product > 0 && square > 0 ? product / square : scale
    return found >= 0 ? found : nil
  }

  /// The sums for the scale of an IQ1_M block: Σ weight · w · q and Σ weight · q² over all elements, in order.
  @inline(__always)
  func sums(
    _ values: RawSpan, at source: Int, weights: Span<Float>, _ block: SplitBlock
  ) -> (product: Float, square: Float) {
    var product: Float = 0
    var square: Float = 0
    for group in 0..<32 {
      let digits = lattice.rows[Int(block.rows[group])]
      let shift = SplitSearch.shift(block.isDown[group])
      let small = Float(2 &* Int32(block.scales[group &>> 1]) &+ 1)
      for place in 0..<8 {
        let index = group &* 8 &+ place
        let digit = Int32(truncatingIfNeeded: digits &>> UInt64(truncatingIfNeeded: place &* 8)) & 3
        let quant = (Float(digit) + shift) * small
        product += weights[index] * quant * values.float(at: source &+ index &* floatByteCount)
        square += weights[index] * quant * quant
      }
    }
    return (product, square)
  }

  @inline(__always)
  private mutating func fillTerms(_ values: Floats, _ weights: Floats, _ scale: Float, isDown: Bool) {
    for digit in 0..<3 {
      let quant = SplitSearch.shift(isDown) + Float(digit)
      let difference = Floats(repeating: scale * quant) - values
      let term = weights * difference * difference
      for place in 0..<8 { terms[place &* 4 &+ digit] = term[place] }
    }
    let first = SIMD4(terms[0], terms[1], terms[2], 0)
    for second in 0..<3 {
      let two = first + SIMD4(repeating: terms[4 &+ second])
      for third in 0..<3 {
        let three = two + SIMD4(repeating: terms[8 &+ third])
        for fourth in 0..<3 {
          sums[second | third &<< 2 | fourth &<< 4] = three + SIMD4(repeating: terms[12 &+ fourth])
        }
      }
    }
  }

  @inline(__always)
  private mutating func nearest(_ candidates: Range<Int>) -> UInt16? {
    var best = Float.greatestFiniteMagnitude
    var found = UInt32.max
    let near = lattice.nearRows, codes = lattice.codes.span
    let sums = self.sums.span.bytes, terms = self.terms.span.bytes
    // Without branches, which would be mispredicted more often than they save additions.
    for index in candidates {
      let number = near[index]
      let code = Int(codes[Int(number)])
      var sum = sums.float(at: (code & 255) &* floatByteCount)
      sum += terms.float(at: (16 &+ (code &>> 8 & 3)) &* floatByteCount)
      sum += terms.float(at: (20 &+ (code &>> 10 & 3)) &* floatByteCount)
      sum += terms.float(at: (24 &+ (code &>> 12 & 3)) &* floatByteCount)
      sum += terms.float(at: (28 &+ (code &>> 14 & 3)) &* floatByteCount)
      found = sum < best ? UInt32(number) : found
      best = sum < best ? sum : best
    }
    return found == .max ? nil : UInt16(truncatingIfNeeded: found)
  }
}

extension SplitSearch {
  /// The quant −1, shifted.
  @inline(__always)
  static func shift(_ isDown: Bool) -> Float { isDown ? -1.125 : -0.875 }
}
