import Tensors
import Testing

@testable import Quantization

@Suite("A codec")
struct CodecTests {
  static let scalars: [(StorageFormat, [UInt8], [Float])] = [
    (.f8_e4m3, [0x00, 0x01, 0x38, 0x7E, 0xFE], [0, 0x1p-9, 1, 448, -448]),
    (.f8_e5m2, [0x01, 0x3C, 0x7B, 0x7C, 0xFC], [0x1p-16, 1, 57344, .infinity, -.infinity]),
    (.f8_e8m0, [0, 1, 127, 254], [0x1p-127, 0x1p-126, 1, 0x1p127]),
    (.f8_e4m3fnuz, [0x01, 0x40, 0x7F, 0xFF], [0x1p-10, 1, 240, -240]),
    (.f8_e5m2fnuz, [0x01, 0x40, 0x7F, 0xFF], [0x1p-17, 1, 57344, -57344]),
    // Four patterns in three bytes: 1, 8, 31, 63 and 1, 12, 31, 63, low bits first.
    (.f6_e2m3, [0x01, 0xF2, 0xFD], [0.125, 1, 7.5, -7.5]),
    (.f6_e3m2, [0x01, 0xF3, 0xFD], [0.0625, 1, 28, -28]),
    (.f4, [0x10, 0x32, 0x54, 0x76, 0xF8], [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -6]),
    (.i8, [0x7F, 0x80], [127, -128]),
    (.u16, [0xFF, 0xFF], [65535]),
    (.i64, [0x01, 0, 0, 1, 0, 0, 0, 0], [16_777_216]),
    (.bool, [0, 1], [0, 1]),
    (.f64, [0x9A, 0x99, 0x99, 0x99, 0x99, 0x99, 0xB9, 0x3F], [0.1]),
  ]

  @Test("decodes scalars", arguments: scalars)
  func scalarsTest(format: StorageFormat, bytes: [UInt8], values: [Float]) throws {
    #expect(try Codec.decode(format, bytes, elementCount: values.count) == values)
  }

  static let notNumbers: [(StorageFormat, [UInt8])] = [
    (.f8_e4m3, [0x7F, 0xFF]), (.f8_e5m2, [0x7D, 0xFF]), (.f8_e8m0, [0xFF]), (.f8_e4m3fnuz, [0x80]),
    (.f8_e5m2fnuz, [0x80]),
  ]

  @Test("decodes patterns without a value as NaN", arguments: notNumbers)
  func nanPatterns(format: StorageFormat, bytes: [UInt8]) throws {
    #expect(try Codec.decode(format, bytes, elementCount: bytes.count).allSatisfy(\.isNaN))
  }

  @Test("decodes all formats that it encodes")
  func encodableFormats() {
    for format in StorageFormat.allCases where Codec.canEncode(format) {
      #expect(Codec.canDecode(format), "\(format.name)")
    }
  }

  @Test("words its refusals")
  func refusals() {
    #expect(
      message { try Codec.decode(.q8_0, [UInt8](repeating: 0, count: 33), elementCount: 32) }
        == "33 bytes are not whole Q8_0 blocks of 34 bytes")
    #expect(message { try Codec.encode(.q4_0, [1, 2, 3]) } == "3 elements are not whole Q4_0 blocks of 32 elements")
    #expect(message { try Codec.encode(.f8_e4m3, []) } == "encoding as F8_E4M3 is not supported")
    #expect(
      message { try Codec.encode(.q4_K, [Float](repeating: 0, count: 512), importance: [1, 2]) }
        == "2 elements are not whole Q4_K blocks of 256 elements")
    let importance = [Float](repeating: 1, count: 256)
    #expect(
      message { try Codec.encode(.q4_K, [Float](repeating: 0, count: 300), importance: importance) }
        == "300 elements are not whole rows of 256 elements")
    #expect(
      message { try Codec.encode(.q4_K, importance, importance: importance.dropLast() + [-1]) }
        == "the importance of column 255 is -1.0, expected a finite number of at least 0")
    #expect(
      message { try Codec.encode(.q4_K, importance + importance.dropLast() + [.nan], importance: importance) }
        == "element 511 is nan, which Q4_K cannot store")
    #expect(message { try Codec.decode(.c64, [], elementCount: 0) } == "decoding C64 is not supported")
    var values = [Float](repeating: 0, count: 64)
    values[40] = .nan
    #expect(message { try Codec.encode(.q8_0, values) } == "element 40 is nan, which Q8_0 cannot store")
    #expect(
      message {
        var short = [UInt8](repeating: 0, count: 67)
        var destination = short.mutableSpan
        try Codec.encode(.q8_0, [Float](repeating: 0, count: 64).span, into: &destination)
      } == "Q8_0 needs room for 68 bytes, found 67")
  }

  private func message(_ body: () throws -> some Any) -> String {
    do {
      _ = try body()
      return "no error"
    } catch {
      return "\(error)"
    }
  }
}
