// Compares rows with their stored values: a run of elements by vectors if all are finite, otherwise some one by one.

extension EncodingReport {
  /// The bytes of a run, whose sums tell whether all its elements are finite.
  private static let runByteCount = 1024

  /// Counts the floats of `values` and their stored values, at the same offsets of `stored`.
  ///
  /// Each lane of eight sums its own elements; lanes are added at the end, first to last.
  mutating func note(_ values: RawSpan, storedAs stored: RawSpan) {
    let byteCount = values.byteCount
    let vectorsEnd = byteCount - byteCount % 32
    var lanes = Lanes()
    for offset in stride(from: 0, to: vectorsEnd, by: Self.runByteCount) {
      note(values, stored, in: offset..<min(offset + Self.runByteCount, vectorsEnd), &lanes)
    }
    noteSingly(values, stored, in: vectorsEnd..<byteCount)
    add(lanes)
  }

  /// Counts a run of whole vectors: one with infinities or NaN in eights, and eights with any one by one.
  private mutating func note(_ values: RawSpan, _ stored: RawSpan, in run: Range<Int>, _ lanes: inout Lanes) {
    let next = lanes.adding(values, stored, in: run)
    if next.isFinite {
      lanes = next
      elementCount += run.count / floatByteCount
      noteErrors(values, stored, in: run)
    } else if run.count == 32 {
      noteSingly(values, stored, in: run)
    } else {
      for offset in stride(from: run.lowerBound, to: run.upperBound, by: 32) {
        note(values, stored, in: offset..<offset + 32, &lanes)
      }
    }
  }

  private mutating func noteSingly(_ values: RawSpan, _ stored: RawSpan, in range: Range<Int>) {
    for offset in stride(from: range.lowerBound, to: range.upperBound, by: floatByteCount) {
      note(Double(values.float(at: offset)), storedAs: Double(stored.float(at: offset)))
    }
  }

  /// Adds finite elements to the histogram.
  private mutating func noteErrors(_ values: RawSpan, _ stored: RawSpan, in run: Range<Int>) {
    guard histogram != nil else { return }
    for offset in stride(from: run.lowerBound, to: run.upperBound, by: floatByteCount) {
      histogram?.note(Double(stored.float(at: offset)) - Double(values.float(at: offset)))
    }
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

    /// The sums with those of a run.
    @inline(never)
    func adding(_ values: RawSpan, _ stored: RawSpan, in run: Range<Int>) -> Self {
      var sums = self
      for offset in stride(from: run.lowerBound, to: run.upperBound, by: 32) {
        sums.note(values.floats(at: offset), stored.floats(at: offset))
      }
      return sums
    }

    /// Whether all elements were: squares of finite floats do not overflow doubles.
    var isFinite: Bool {
      let sum = (lowSquaredValue + highSquaredValue) + (lowSquaredStored + highSquaredStored)
      return (sum[0] + sum[1] + sum[2] + sum[3]).isFinite
    }

    @inline(__always)
    private mutating func note(_ before: Floats, _ after: Floats) {
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
