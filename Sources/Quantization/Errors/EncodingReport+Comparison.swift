// Compares rows with their stored values: eight elements at a time while all are finite, otherwise one by one.

extension EncodingReport {
  /// Counts the floats of `values` and their stored values, at the same offsets of `stored`.
  ///
  /// Each lane of eight sums its own elements; lanes are added at the end, first to last.
  mutating func note(_ values: RawSpan, storedAs stored: RawSpan) {
    let byteCount = values.byteCount
    var lanes = Lanes()
    var offset = 0
    while offset <= byteCount - 32 {
      let before = values.floats(at: offset)
      let after = stored.floats(at: offset)
      // x − x is NaN for infinities and NaN.
      let zeros = (before - before) + (after - after)
      if (zeros .== Floats.zero).isSetEverywhere {
        lanes.note(before, after)
        elementCount += 8
        if histogram != nil {
          for lane in 0..<8 { histogram?.note(Double(after[lane]) - Double(before[lane])) }
        }
      } else {
        for lane in 0..<8 { note(Double(before[lane]), storedAs: Double(after[lane])) }
      }
      offset &+= 32
    }
    while offset < byteCount {
      note(Double(values.float(at: offset)), storedAs: Double(stored.float(at: offset)))
      offset &+= floatByteCount
    }
    add(lanes)
  }

  private mutating func add(_ lanes: Lanes) {
    for lane in 0..<8 { changedCount += Int(lanes.changedCount[lane]) }
    for half in [lanes.lowSquaredError, lanes.highSquaredError] {
      for lane in 0..<4 { sumSquaredError += half[lane] }
    }
    for half in [lanes.lowSquaredValue, lanes.highSquaredValue] {
      for lane in 0..<4 { sumSquaredValue += half[lane] }
    }
    for half in [lanes.lowSquaredStored, lanes.highSquaredStored] {
      for lane in 0..<4 { sumSquaredStored += half[lane] }
    }
    for half in [lanes.lowMaximum, lanes.highMaximum] {
      for lane in 0..<4 { maximumAbsoluteError = max(maximumAbsoluteError, half[lane]) }
    }
  }

  /// Sums of eight lanes, as two halves of doubles.
  private struct Lanes {
    var changedCount = SIMD8<Int32>.zero
    var lowSquaredError = SIMD4<Double>.zero, highSquaredError = SIMD4<Double>.zero
    var lowSquaredValue = SIMD4<Double>.zero, highSquaredValue = SIMD4<Double>.zero
    var lowSquaredStored = SIMD4<Double>.zero, highSquaredStored = SIMD4<Double>.zero
    var lowMaximum = SIMD4<Double>.zero, highMaximum = SIMD4<Double>.zero

    @inline(__always)
    mutating func note(_ before: Floats, _ after: Floats) {
      let one = SIMD8<Int32>(repeating: 1)
      changedCount &+= SIMD8<Int32>.zero.replacing(with: one, where: before .!= after)
      Self.note(
        before.lowHalf, after.lowHalf, &lowSquaredError, &lowSquaredValue, &lowSquaredStored, &lowMaximum)
      Self.note(
        before.highHalf, after.highHalf, &highSquaredError, &highSquaredValue, &highSquaredStored, &highMaximum)
    }

    @inline(__always)
    private static func note(
      _ before: SIMD4<Float>, _ after: SIMD4<Float>, _ squaredError: inout SIMD4<Double>,
      _ squaredValue: inout SIMD4<Double>, _ squaredStored: inout SIMD4<Double>, _ maximum: inout SIMD4<Double>
    ) {
      let value = SIMD4<Double>(before)
      let stored = SIMD4<Double>(after)
      let error = stored - value
      squaredError += error * error
      squaredValue += value * value
      squaredStored += stored * stored
      let bits = unsafeBitCast(error, to: SIMD4<UInt64>.self) & SIMD4<UInt64>(repeating: 0x7FFF_FFFF_FFFF_FFFF)
      let magnitude = unsafeBitCast(bits, to: SIMD4<Double>.self)
      maximum.replace(with: magnitude, where: magnitude .> maximum)
    }
  }
}
