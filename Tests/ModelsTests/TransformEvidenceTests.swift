import Models
import TestSupport
import Testing

@Suite("The evidence of norm offsets")
struct NormOffsetEvidenceTests {
  /// Counts of so many values in each range, with one more that is different so that they are not all the same.
  private func counts(belowMinusOne: Int = 0, negative: Int = 0, fraction: Int = 0, beyond: Int = 0)
    -> NormOffsetEvidence
  {
    var counts = NormOffsetEvidence()
    counts.add(
      [Float](repeating: -1.5, count: belowMinusOne) + [Float](repeating: -0.5, count: negative)
        + [Float](repeating: 0.5, count: fraction) + [Float](repeating: 7, count: beyond))
    return counts
  }

  @Test(
    "decides whether 1 was added",
    arguments: [
      // Gemma 3 270M, as w and as 1 + w, for 10,000 values.
      ((34, 1162, 1346, 7458), false), ((4, 30, 1162, 8804), true),
      // Roughly normal values around 0 and around 1.
      ((0, 500, 500, 0), false), ((0, 0, 500, 500), true),
      // Few values, values between the cases, gains without one below 1, sign flips, values around −1.
      ((0, 30, 30, 0), nil), ((0, 100, 1000, 900), nil), ((0, 0, 0, 1000), nil), ((0, 0, 10, 990), nil),
      ((400, 600, 0, 0), nil),
    ] as [((Int, Int, Int, Int), Bool?)])
  func verdict(instances: (Int, Int, Int, Int), expected: Bool?) {
    let counts = counts(belowMinusOne: instances.0, negative: instances.1, fraction: instances.2, beyond: instances.3)
    #expect(counts.hasOneAdded == expected)
  }

  @Test("does not count constant tensors")
  func constants() {
    var counts = NormOffsetEvidence()
    counts.add([Float](repeating: 1, count: 1000))
    counts.add([Float](repeating: 0, count: 1000))
    counts.add([])
    #expect(counts.count == 0)
    #expect(counts.hasOneAdded == nil)
  }
}

@Suite("The evidence of RoPE orders")
struct RopeOrderEvidenceTests {
  /// Lengths of the rows of a head in halves: both rows of a pair alike but for `scatter`, rising with the pair.
  private func halves(_ count: Int, trend: Double, scatter: Double, _ random: inout SeededGenerator) -> [Double] {
    let noise = random.normals(count), half = count / 2
    return (0..<count).map { row -> Double in
      let slot = Double(row % half) / Double(half)
      return 1 + trend * slot + scatter * Double(abs(noise[row]))
    }
  }

  private func interleaved(_ lengths: [Double]) -> [Double] {
    let half = lengths.count / 2
    return (0..<lengths.count).map { lengths[$0 % 2 * half + $0 / 2] }
  }

  @Test("decides the order of rows", arguments: [32, 64, 128])
  func verdict(count: Int) {
    var random = SeededGenerator(seed: 3)
    var (natural, meta, flat) = (RopeOrderEvidence(), RopeOrderEvidence(), RopeOrderEvidence())
    for _ in 0..<16 {
      let lengths = halves(count, trend: 1, scatter: 0.15, &random)
      natural.add(lengths: lengths)
      meta.add(lengths: interleaved(lengths))
      flat.add(lengths: halves(count, trend: 0, scatter: 0.3, &random))
    }
    #expect(natural.isInterleaved == false)
    #expect(meta.isInterleaved == true)
    #expect(flat.isInterleaved == nil)
    // Neighbors correlate in both orders, so they alone must decide nothing.
    #expect(natural.neighbor.mean > 0.15)
    #expect(meta.neighbor.mean > 0.15)
  }

  @Test("does not take similar neighbors for pairs")
  func similarNeighbors() {
    // Lengths that rise and fall within each half, alike in both: halves, however alike neighbors are.
    var correlation = RopeOrderEvidence()
    var random = SeededGenerator(seed: 5)
    for _ in 0..<16 {
      let noise = random.normals(64)
      let lengths = (0..<64).map { row -> Double in
        let rise = Double(abs(row % 32 - 16)) / 16
        return 2 + rise + 0.05 * Double(abs(noise[row]))
      }
      correlation.add(lengths: lengths)
    }
    #expect(correlation.isInterleaved == false)
  }

  @Test("decides nothing for unrelated lengths")
  func unrelatedLengths() {
    var random = SeededGenerator(seed: 11)
    for _ in 0..<300 {
      var correlation = RopeOrderEvidence()
      for _ in 0..<24 {
        let lengths = random.normals(16).map { 1 + Double(abs($0)) }
        correlation.add(lengths: lengths)
      }
      #expect(correlation.isInterleaved == nil)
    }
  }

  @Test("decides nothing for few heads or odd ones")
  func fewHeads() {
    var random = SeededGenerator(seed: 13)
    var correlation = RopeOrderEvidence()
    for _ in 0..<11 { correlation.add(lengths: halves(64, trend: 1, scatter: 0.1, &random)) }
    #expect(correlation.isInterleaved == nil)
    correlation.add(lengths: [Double](repeating: 0, count: 64))
    correlation.add(lengths: [Double](repeating: 1, count: 64))
    correlation.add(lengths: halves(8, trend: 1, scatter: 0.1, &random))
    correlation.add(lengths: [.infinity] + [Double](repeating: 1, count: 63))
    #expect(correlation.headCount == 11)
  }
}
