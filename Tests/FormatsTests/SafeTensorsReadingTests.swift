import Bytes
import Formats
import Tensors
import TestSupport
import Testing

@Suite("A safetensors reader")
struct SafeTensorsReadingTests {
  let folder = TemporaryFolder()

  @Test("reads metadata, shapes and offsets")
  func contents() throws {
    let header =
      #"{"__metadata__":{"format":"pt"},"b":{"dtype":"BF16","shape":[2,3],"data_offsets":[4,16]},"#
      + #""a":{"data_offsets":[0,4],"shape":[],"dtype":"F32"},"none":{"dtype":"F4","shape":[0],"data_offsets":[16,16]}} "#
    let path = try folder.write(SafeTensorsBytes(header, dataByteCount: 16).bytes, to: "m.bin")
    let checkpoint = try Checkpoint.open(path)
    let start = 8 + header.utf8.count
    #expect(checkpoint.container == .safeTensors)
    #expect(checkpoint.metadata["format"] == .string("pt"))
    #expect(checkpoint.tensors.map(\.name) == ["b", "a", "none"])
    #expect(checkpoint.tensors.map(\.shape) == [[2, 3], [], [0]])
    #expect(checkpoint.tensors.map(\.fileOffset) == [start + 4, start, start + 16])
    #expect(checkpoint.tensors.map(\.byteCount) == [12, 4, 0])
  }
}
