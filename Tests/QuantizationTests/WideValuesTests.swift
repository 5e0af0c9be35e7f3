import Quantization
import Tensors
import Testing

/// What float32 loses of wider formats, measured against the exact values.
@Suite("Formats wider than float32")
struct WideValuesTests {
  private static func bytes<Element: BitwiseCopyable>(_ elements: [Element]) -> [UInt8] {
    elements.withUnsafeBytes(Array.init)
  }

  /// Elements, and the exact error of each as F32.
  static let cases: [(format: StorageFormat, bytes: [UInt8], errors: [Double])] = [
    (.f64, bytes([1.5, 1 + 0x1p-40, -0x1p-1074]), [0, -0x1p-40, 0x1p-1074]),
    (.i32, bytes([Int32(1 << 24), (1 << 24) + 1, .max, .min]), [0, -1, 1, 0]),
    (.u32, bytes([UInt32(1 << 24) + 3, .max]), [1, 1]),
    (.i64, bytes([Int64(1 << 53) + 1, .max, .min, -(1 << 24) - 1]), [-1, 1, 0, 1]),
    (.u64, bytes([UInt64(1 << 53) + 1, .max, 1 << 63]), [-1, 1, 0]),
  ]

  @Test("show what a cast to F32 changes", arguments: cases)
  func castErrors(format: StorageFormat, bytes: [UInt8], errors: [Double]) throws {
    #expect(format.isWiderThanFloat32)
    var stored = [UInt8](repeating: 0, count: errors.count * 4)
    var destination = stored.mutableSpan
    var report = EncodingReport()
    try Codec.convert(format, bytes.span.bytes, to: .f32, into: &destination, report: &report)
    #expect(report.changedCount == errors.count { $0 != 0 })
    #expect(report.maximumAbsoluteError == errors.map(abs).max())
    #expect(report.sumSquaredError == errors.reduce(0) { $0 + $1 * $1 })

    var values = DecodedValues()
    try values.decode(format, bytes, elementCount: errors.count)
    var other = DecodedValues()
    try other.decode(.f32, stored, elementCount: errors.count)
    #expect(errors.indices.map { other.exact($0).minus(values.exact($0)) } == errors)
    #expect(!values.isExact && other.isExact)
  }

  @Test("overflow for doubles beyond float32")
  func overflow() throws {
    var stored = [UInt8](repeating: 0, count: 16)
    var destination = stored.mutableSpan
    var report = EncodingReport()
    let elements = [1e300, .nan, -.infinity, 1]
    try Codec.convert(.f64, Self.bytes(elements).span.bytes, to: .f32, into: &destination, report: &report)
    #expect(report.overflowCount == 1 && report.firstOverflowIndex == 0)
    #expect(report.nonfiniteCount == 2 && report.firstNonfiniteIndex == 1)
    #expect(report.changedCount == 1)

    var values = DecodedValues()
    try values.decode(.f64, Self.bytes(elements), elementCount: 4)
    #expect(values.exact(0).value == 1e300)
    #expect(values.exact(1).value.isNaN && values.exact(2).value == -.infinity)
  }

  @Test("keep in sums what float32 leaves out")
  func sums() throws {
    var values = DecodedValues()
    try values.decode(.f64, Self.bytes([1 + 0x1p-40]), elementCount: 1)
    try values.add(1, first: 1, roundingAs: .f64)
    #expect(values.floats == [2])
    #expect(values.exact(0).value == 2 + 0x1p-40)
  }

  @Test("leave values of an earlier use as they are", arguments: [StorageFormat.f16, .f32])
  func laterValues(format: StorageFormat) throws {
    var values = DecodedValues([1, 2, .nan, 1e9])
    try values.add(1, first: 2, roundingAs: format)
    #expect(values.floats[..<2] == [2, 3])
    #expect(values.floats[2].isNaN && values.floats[3] == 1e9)
  }

  @Test("are", arguments: StorageFormat.allCases)
  func wideFormats(format: StorageFormat) {
    let isWide = [.f64, .i32, .u32, .i64, .u64].contains(format)
    #expect(format.isWiderThanFloat32 == isWide)
  }
}
