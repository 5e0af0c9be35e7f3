import Bytes
import Formats
import Tensors
import TestSupport
import Testing

@Suite struct FixtureTests {
  @Test("opens every file of the set alike", arguments: [
    "", "model.safetensors.index.json", "model-00002-of-00003.safetensors",
  ])
  func shardSet(name: String) throws {
    let checkpoint = try Checkpoint.open(Fixtures.path("llama-sharded") + (name.isEmpty ? "" : "/" + name))
    #expect(checkpoint.files.count == 3)
    #expect(checkpoint.tensors.count == 30)
    #expect(checkpoint.tensorByteCount == 377_728)
    #expect(checkpoint.remarks == [])
  }
}
