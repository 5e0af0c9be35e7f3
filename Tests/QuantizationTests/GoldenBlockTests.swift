import Tensors
import Testing

@testable import Quantization

/// The codecs against blocks that ggml's own code encoded and decoded.
@Suite struct GoldenBlockTests {
  static let encoded: [StorageFormat] = StorageFormat.allCases.filter { $0.isQuantized && Codec.canEncode($0) }
  static let decoded: [StorageFormat] = StorageFormat.allCases.filter { $0.isQuantized && Codec.canDecode($0) }

  @Test(arguments: encoded)
  func encodersGiveGGMLsBytes(format: StorageFormat) throws {
    let golden = try GoldenVectors(format.name)
    let cases = golden.cases("input.")
    #expect(cases.count == 10)
    for name in cases {
      let bytes = try Codec.encode(format, golden.floats("input." + name))
      #expect(try bytes == golden.bytes("encoded." + name), "\(name)")
    }
  }

  @Test(arguments: decoded)
  func decodersGiveGGMLsFloats(format: StorageFormat) throws {
    let golden = try GoldenVectors(format.name)
    let cases = golden.cases("encoded.")
    #expect(cases.count == 10)
    for name in cases {
      let expected = try golden.floats("decoded." + name)
      let values = try Codec.decode(format, golden.bytes("encoded." + name), elementCount: expected.count)
      #expect(differences(values, expected) == [], "\(name)")
    }
  }
}
