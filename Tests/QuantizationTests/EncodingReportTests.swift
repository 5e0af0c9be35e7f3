import Tensors
import TestSupport
import Testing

@testable import Quantization

@Suite("An encoding report")
struct EncodingReportTests {
  @Test("has the losses of narrowing casts")
  func narrowing() throws {
    let values: [Float] = [1, 0.1, 70000, .nan, -.infinity, 1e-9, -65504, 65520]
    var bytes = [UInt8](repeating: 0, count: 16)
    var destination = bytes.mutableSpan
    var report = EncodingReport()
    try Codec.encode(.f16, values.span, into: &destination, report: &report)
    #expect(report.elementCount == 8)
    #expect(report.changedCount == 4)
    #expect(report.overflowCount == 2)
    #expect(report.firstOverflowIndex == 2)
    #expect(report.nonfiniteCount == 2)
    #expect(report.firstNonfiniteIndex == 3)
    #expect(report.maximumAbsoluteError == Double(abs(Float(0.1) - 0.099975586)))
  }

  @Test("merges ranges in order")
  func merging() throws {
    var generator = SeededGenerator(seed: 7)
    let values = generator.normals(8192)
    var whole = EncodingReport()
    var merged = EncodingReport()
    var bytes = [UInt8](repeating: 0, count: 16384)
    var destination = bytes.mutableSpan
    try Codec.encode(.bf16, values.span, into: &destination, report: &whole)
    for start in stride(from: 0, to: 8192, by: 2048) {
      var part = EncodingReport()
      try Codec.encode(.bf16, values.span.extracting(start..<start + 2048), into: &destination, report: &part)
      merged.merge(part)
    }
    #expect(merged.elementCount == whole.elementCount)
    #expect(merged.changedCount == whole.changedCount)
    #expect(merged.maximumAbsoluteError == whole.maximumAbsoluteError)
    #expect(abs(merged.sumSquaredError / whole.sumSquaredError - 1) < 1e-12)
  }

  @Test("has no error for exact values")
  func exactValues() throws {
    var report = EncodingReport()
    var bytes = [UInt8](repeating: 0, count: 64)
    var destination = bytes.mutableSpan
    try Codec.convert(.i8, ([1, 2, 255, 128] as [UInt8]).span.bytes, to: .f16, into: &destination, report: &report)
    #expect(report.changedCount == 0)
    #expect(report.rootMeanSquareError == 0)
    #expect(report.normalizedMeanSquareError == 0)
    #expect(try Codec.decode(.f16, bytes, elementCount: 4) == [1, 2, -1, -128])
  }

  @Test("counts values that float32 cannot hold as changed")
  func wideValues() throws {
    var report = EncodingReport()
    var bytes = [UInt8](repeating: 0, count: 12)
    var destination = bytes.mutableSpan
    let wide: [Double] = [0.1, 0.5, 1e300]
    try Codec.convert(.f64, wide.span.bytes, to: .f32, into: &destination, report: &report)
    #expect(report.changedCount == 2)
    #expect(report.firstOverflowIndex == 2)
    #expect(try Codec.decode(.f32, bytes, elementCount: 3) == [0.1, 0.5, .infinity])
  }

  @Test("sums the greatest floats, and counts infinities and NaN anywhere in a run")
  func extremes() {
    let count = 1031
    for place in [nil, 0, 7, 255, 256, 1023, 1024, 1030] as [Int?] {
      for wrong in [Float.infinity, -.infinity, .nan] {
        var values = [Float](repeating: .greatestFiniteMagnitude, count: count)
        var stored = values.map { $0 / 2 }
        if let place, wrong.isNaN { values[place] = wrong }
        if let place { stored[place] = wrong }
        var vectors = EncodingReport(.histogram), singles = EncodingReport(.histogram)
        vectors.note(values.span.bytes, storedAs: stored.span.bytes)
        for (value, kept) in zip(values, stored) { singles.note(Double(value), storedAs: Double(kept)) }
        #expect(vectors.firstNonfiniteIndex == singles.firstNonfiniteIndex)
        #expect(vectors.firstOverflowIndex == singles.firstOverflowIndex)
        #expect(vectors.changedCount == singles.changedCount)
        #expect(vectors.maximumAbsoluteError == singles.maximumAbsoluteError)
        #expect(abs(vectors.sumSquaredError / singles.sumSquaredError - 1) < 1e-12)
        #expect(vectors.histogram == singles.histogram)
      }
    }
  }

  @Test("is equal for vectors and single values")
  func vectors() throws {
    var generator = SeededGenerator(seed: 5)
    // 2,051 elements: whole vectors, a vector with an infinity, and a rest.
    var values = generator.normals(2051)
    values[100] = .infinity
    values[2050] = 1e6
    let stored = try Codec.decode(.f16, Codec.encode(.f16, values), elementCount: 2051)
    var vectors = EncodingReport()
    vectors.note(values.span.bytes, storedAs: stored.span.bytes)
    var singles = EncodingReport()
    for (value, kept) in zip(values, stored) { singles.note(Double(value), storedAs: Double(kept)) }
    #expect(vectors.elementCount == 2051)
    #expect(vectors.changedCount == singles.changedCount)
    #expect(vectors.firstNonfiniteIndex == 100)
    #expect(vectors.firstOverflowIndex == 2050)
    #expect(vectors.maximumAbsoluteError == singles.maximumAbsoluteError)
    #expect(abs(vectors.sumSquaredError / singles.sumSquaredError - 1) < 1e-12)
    #expect(abs(vectors.sumSquaredValue / singles.sumSquaredValue - 1) < 1e-12)
  }

  @Test("derives the cosine from the sums")
  func cosine() throws {
    var generator = SeededGenerator(seed: 3)
    let values = generator.normals(2048)
    var report = EncodingReport()
    var bytes = [UInt8](repeating: 0, count: 2048)
    var destination = bytes.mutableSpan
    try Codec.encode(.q4_0, values.span, into: &destination, report: &report)
    let stored = try Codec.decode(.q4_0, bytes, elementCount: 2048)
    func product(_ one: [Float], _ other: [Float]) -> Double {
      zip(one, other).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let expected = product(values, stored) / (product(values, values) * product(stored, stored)).squareRoot()
    #expect(abs(report.cosine - expected) < 1e-12)
    #expect(report.value(.cosine) == report.cosine)
    #expect(report.value(.divergence) == nil)
    #expect(EncodingReport().cosine == 1)
  }

  @Test("counts errors by magnitude")
  func histogram() throws {
    let values: [Float] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    let stored: [Float] = [1, 2.5, 3, 4, 4.4, 6, 7, 8.25, 8]
    var report = EncodingReport(.histogram)
    report.note(values.span.bytes, storedAs: stored.span.bytes)
    var other = EncodingReport(.histogram)
    other.note(1, storedAs: 1.25)
    report.merge(other)
    let histogram = try #require(report.histogram)
    #expect(histogram.unchangedCount == 5)
    #expect(
      histogram.ranges == [
        ErrorHistogram.Range(lower: 0.25, upper: 0.5, count: 2), ErrorHistogram.Range(lower: 0.5, upper: 1, count: 2),
        ErrorHistogram.Range(lower: 1, upper: 2, count: 1),
      ])
    #expect(EncodingReport().histogram == nil)
  }
}
