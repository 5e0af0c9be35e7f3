import Quantization
import Tensors
import TestSupport
import Testing
import Verification

@Suite("Error metrics")
struct ErrorMetricsTests {
  @Test("agree with the formulas for any count", arguments: [0, 1, 7, 8, 9, 1000])
  func formulas(count: Int) {
    var generator = SeededGenerator(seed: 5)
    let x = generator.normals(count), y = zip(x, generator.normals(count)).map { $0 + 0.125 * $1 }
    let metrics = ErrorMetrics(reference: x.span, candidate: y.span)
    let errors = zip(x, y).map { Double($1) - Double($0) }
    let energy = x.reduce(0.0) { $0 + Double($1) * Double($1) }
    let square = errors.reduce(0.0) { $0 + $1 * $1 }
    #expect(metrics.elementCount == count)
    #expect(metrics.differingCount == errors.count { $0 != 0 })
    #expect(metrics.maximumAbsoluteError == errors.map(abs).max() ?? 0)
    #expect(metrics.worstIndex == errors.indices.first { abs(errors[$0]) == metrics.maximumAbsoluteError })
    #expect(abs(metrics.normalizedMeanSquareError - (count == 0 ? 0 : square / energy)) < 1e-14)
    #expect(abs(metrics.rootMeanSquareError - (count == 0 ? 0 : (square / Double(count)).squareRoot())) < 1e-14)
  }

  @Test("add up over slabs")
  func slabs() {
    var generator = SeededGenerator(seed: 6)
    let x = generator.normals(48), y = generator.normals(48)
    var merged = ErrorMetrics()
    for start in stride(from: 0, to: 48, by: 16) {
      merged.merge(
        ErrorMetrics(
          reference: x.span.extracting(start..<start + 16), candidate: y.span.extracting(start..<start + 16)))
    }
    let whole = ErrorMetrics(reference: x.span, candidate: y.span)
    #expect(merged.worstIndex == whole.worstIndex && merged.differingCount == whole.differingCount)
    #expect(abs(merged.normalizedMeanSquareError - whole.normalizedMeanSquareError) < 1e-14)
    #expect(abs(merged.cosine - whole.cosine) < 1e-14)
  }

  @Test("demand NaN in the same elements")
  func nan() {
    let reference: [Float] = [.nan, .infinity, 1, .nan, -.infinity, 2]
    let candidate: [Float] = [.nan, .infinity, 3, 4, .infinity, .nan]
    let metrics = ErrorMetrics(reference: reference.span, candidate: candidate.span)
    #expect(metrics.nonfiniteMismatchCount == 3 && metrics.firstNonfiniteMismatch == 3)
    #expect(metrics.differingCount == 4)
    #expect(metrics.maximumAbsoluteError == 2 && metrics.worstIndex == 2)
    #expect(ErrorMetrics(reference: reference.span, candidate: reference.span).differingCount == 0)
  }

  @Test("are worst for zeros on one side")
  func zeros() {
    let zeros: [Float] = [0, -0], ones: [Float] = [1, 1]
    let metrics = ErrorMetrics(reference: zeros.span, candidate: ones.span)
    #expect(metrics.normalizedMeanSquareError == .infinity && metrics.cosine == 0)
    #expect(ErrorMetrics(reference: zeros.span, candidate: [0, 0].span).normalizedMeanSquareError == 0)
  }

  static let narrow: [StorageFormat] = [
    .f8_e4m3, .f8_e4m3fnuz, .f8_e5m2, .f8_e5m2fnuz, .f8_e8m0, .f6_e2m3, .f6_e3m2, .f4, .bool, .u8, .i8, .f16, .bf16,
    .i16, .u16,
  ]

  @Test("are 0 for a format that can hold every value of another", arguments: [StorageFormat.f16, .bf16])
  func holding(target: StorageFormat) throws {
    for source in Self.narrow {
      // Every pattern of up to two bytes, repeated to fill a block: every code of every format occurs.
      let blockBits = min(16, source.bytesPerBlock * 8)
      var bytes: [UInt8] = []
      for code in 0..<1 << blockBits {
        for index in 0..<source.bytesPerBlock { bytes.append(UInt8(truncatingIfNeeded: code >> (8 * (index % 2)))) }
      }
      let count = bytes.count / source.bytesPerBlock * source.elementsPerBlock
      let values = try Codec.decode(source, bytes, elementCount: count)
      let back = try Codec.decode(target, try Codec.encode(target, values), elementCount: count)
      let isKept = zip(values, back).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }
      #expect(isKept == target.holdsEveryValue(of: source), "\(source) in \(target)")
    }
  }
}
