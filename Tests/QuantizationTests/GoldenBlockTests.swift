import Tensors
import Testing

@testable import Quantization

/// The codecs against blocks that ggml's own code encoded and decoded.
@Suite("A block codec")
struct GoldenBlockTests {
  static let encoded: [StorageFormat] = StorageFormat.allCases.filter { $0.isQuantized && Codec.canEncode($0) }
  static let decoded: [StorageFormat] = StorageFormat.allCases.filter { $0.isQuantized && Codec.canDecode($0) }

  @Test("encodes to ggml's bytes", arguments: encoded)
  func encoders(format: StorageFormat) throws {
    let golden = try GoldenVectors(format.name)
    let inputs = try GoldenVectors(#require(golden.inputs))
    let cases = golden.cases("encoded.")
    #expect(cases.count == 10)
    for name in cases {
      let values = try inputs.floats(name)
      let bytes =
        try golden.cases("importance").isEmpty
        ? Codec.encode(format, values) : Codec.encode(format, values, importance: golden.floats("importance"))
      #expect(try bytes == golden.bytes("encoded." + name), "\(name)")
    }
  }

  @Test("encodes with weights to ggml's bytes", arguments: encoded.filter(Codec.weighsImportance))
  func weightedEncoders(format: StorageFormat) throws {
    let golden = try GoldenVectors("weighted")
    let bytes = try Codec.encode(format, golden.floats("input"), importance: golden.floats("importance"))
    #expect(try bytes == golden.bytes("encoded." + format.name))
  }

  @Test("encodes without optional weights to ggml's bytes")
  func optionalWeights() throws {
    let golden = try GoldenVectors("weighted")
    #expect(try Codec.encode(.iq1_M, golden.floats("input")) == golden.bytes("plain.IQ1_M"))
  }

  @Test("decodes to ggml's floats", arguments: decoded)
  func decoders(format: StorageFormat) throws {
    let golden = try GoldenVectors(format.name)
    let cases = golden.cases("encoded.")
    #expect(cases.count == 10)
    for name in cases {
      let expected = try golden.floats("decoded." + name)
      let values = try Codec.decode(format, golden.bytes("encoded." + name), elementCount: expected.count)
      #expect(differences(values, expected) == [], "\(name)")
    }
  }

  @Test("encodes a block of two bits as by hand")
  func encodedByHand() throws {
    // Scale 0.5: −0.5, then a tie, which goes away from zero, and what is just below one; 0 becomes 1.
    let values: [Float] = [-0.5, -0.25, Float(-0.25).nextUp, 0.25] + [Float](repeating: 0, count: 60)
    #expect(
      try Codec.encode(.q2_0, values) == [0x00, 0x38, 0b10_01_00_00] + [UInt8](repeating: 0b01_01_01_01, count: 15))
  }

  @Test("decodes a block of two bits as by hand")
  func decodedByHand() throws {
    // Scale 0.5; the first byte holds 0, 1, 2, 3 from its low bits on, the rest 1, which stands for zero.
    let block: [UInt8] = [0x00, 0x38, 0b11_10_01_00] + [UInt8](repeating: 0b01_01_01_01, count: 15)
    let values = try Codec.decode(.q2_0, block, elementCount: 64)
    #expect(values == [-0.5, 0, 0.5, 1] + [Float](repeating: 0, count: 60))
  }
}
