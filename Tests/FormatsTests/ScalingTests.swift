import Bytes
import Formats
import TestSupport
import Tensors
import Testing

/// Headers larger than any published model's; a step that is quadratic in their entries would not end here.
@Suite("A header of 50,000 tensors")
struct ScalingTests {
  let folder = TemporaryFolder()
  static let count = 50_000

  @Test("of safetensors is read whole")
  func safeTensors() throws {
    let entries = (0..<Self.count).map { index in
      SafeTensorsBytes.entry("model.layers.\(index).weight", "F32", [2, 1], index * 8, index * 8 + 8)
    }
    let bytes = SafeTensorsBytes("{\(entries.joined(separator: ","))}", dataByteCount: Self.count * 8).bytes
    let checkpoint = try Checkpoint.open(folder.writeUnflushed(bytes, to: "large"))
    #expect(checkpoint.tensors.count == Self.count)
    #expect(checkpoint.tensor("model.layers.49999.weight")?.shape == [2, 1])
  }

  @Test("of GGUF, with as many tokens and keys, is read whole")
  func gguf() throws {
    var file = GGUFBytes()
    file.records = (0..<Self.count).map { .init("blk.\($0).weight", [8], offset: UInt64($0) * 32) }
    file.pairs = [file.pair("tokens", 9, file.array(8, (0..<Self.count).map { file.string("token \($0)") }))]
    file.pairs += (0..<Self.count).map { file.pair("key.\($0)", 4, file.number(UInt32(1))) }
    file.dataByteCount = Self.count * 32
    let checkpoint = try Checkpoint.open(folder.writeUnflushed(file.bytes, to: "large"))
    #expect(checkpoint.tensors.count == Self.count)
    #expect(checkpoint.metadata.pairs.count == Self.count + 1)
    #expect(checkpoint.tensor("blk.49999.weight")?.shape == [8])
  }
}
