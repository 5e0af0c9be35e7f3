import Tensors
import Testing

@testable import Quantization

/// Element types against PyTorch, NumPy, ggml and ml_dtypes.
@Suite("A scalar codec")
struct GoldenScalarTests {
  @Test(
    "narrows to the bits of the reference converter",
    arguments: [(StorageFormat.f16, "f16.numpy"), (.bf16, "bf16.ggml")])
  func narrowing(format: StorageFormat, name: String) throws {
    let golden = try GoldenVectors("scalars")
    let values = try golden.floats("f32.bits")
    #expect(try Codec.encode(format, values) == golden.bytes(name))
  }

  @Test(
    "narrows finite values to the bits of other programs",
    arguments: [(StorageFormat.f16, "f16.torch"), (.f16, "f16.ggml"), (.bf16, "bf16.torch")])
  func finiteNarrowing(format: StorageFormat, name: String) throws {
    let golden = try GoldenVectors("scalars")
    let values = try golden.floats("f32.bits")
    let bytes = try Codec.encode(format, values)
    let expected = try golden.bytes(name)
    for (index, value) in values.enumerated() where !value.isNaN {
      #expect(bytes[2 * index..<2 * index + 2] == expected[2 * index..<2 * index + 2], "\(value)")
    }
  }

  @Test(
    "decodes every byte",
    arguments: [
      (StorageFormat.f8_e4m3, "f8_e4m3"), (.f8_e5m2, "f8_e5m2"), (.f8_e8m0, "f8_e8m0"), (.f8_e4m3fnuz, "f8_e4m3fnuz"),
      (.f8_e5m2fnuz, "f8_e5m2fnuz"),
    ])
  func bytes(format: StorageFormat, name: String) throws {
    let values = try Codec.decode(format, (0...255).map(UInt8.init), elementCount: 256)
    #expect(try differences(values, GoldenVectors("scalars").floats(name + ".values")) == [])
  }

  @Test("decodes every pattern of less than a byte")
  func subBytePatterns() throws {
    let golden = try GoldenVectors("scalars")
    #expect(try differences(F6_E2M3.values, golden.floats("f6_e2m3.values")) == [])
    #expect(try differences(F6_E3M2.values, golden.floats("f6_e3m2.values")) == [])
    #expect(try differences(F4.values, golden.floats("f4_e2m1.values")) == [])
  }
}
