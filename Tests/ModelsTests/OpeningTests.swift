import Architectures
import Bytes
import Models
import TestSupport
import Tensors
import Testing

@Suite("Opening a model")
struct OpeningTests {
  private let folder = TemporaryFolder()

  @Test(
    "reads headers and side files alone",
    arguments: [
      "llama-gqa", "llama-sharded", "llama3-tied", "meta", "architectures/gemma2", "architectures/bert-bge",
      "expected/llama-gqa/llama-gqa-bf16.gguf", "expected/llama3-tied/llama3-tied-q8_0.gguf",
      "gguf/split-00001-of-00003.gguf",
    ])
  func headersAlone(path: String) throws {
    let (tree, location) = try MemoryTree.fixture(path, in: folder)
    let opening = try ModelOpening(location, library: .bundled())
    let model = try opening.model()
    #expect(tree.tensorsRead(of: model.checkpoint) == [])
    let fromDisk = try Model.open(Fixtures.checkpoint(path, in: folder), library: .bundled())
    #expect(model.definition.name == fromDisk.definition.name)
    #expect(model.scheme.name == fromDisk.scheme.name)
    #expect(model.slots == fromDisk.slots)
    #expect(model.problems.map(\.description) == fromDisk.problems.map(\.description))
  }

  @Test("reads the RoPE factors of a GGUF as evidence")
  func ropeFactors() throws {
    let (tree, location) = try MemoryTree.fixture("expected/llama3-tied/llama3-tied-q8_0.gguf", in: folder)
    let opening = try ModelOpening(location, library: .bundled())
    let unread = try opening.model()
    #expect(unread.hyperparameters.rotaryScaling == .none)
    #expect(unread.remarks.contains { $0.contains("\"rope_freqs.weight\" were not read") })
    let model = try opening.model(opening.gatherEvidence())
    #expect(tree.tensorsRead(of: model.checkpoint) == ["rope_freqs.weight"])
    let folder = try Model.open(Fixtures.path("llama3-tied"), library: .bundled())
    #expect(model.hyperparameters.rotaryScaling == folder.hyperparameters.rotaryScaling)
  }

  @Test("reads norms, queries and keys to detect transforms, and only if asked")
  func transforms() throws {
    let (tree, location) = try MemoryTree.fixture("architectures/gemma2", in: folder)
    let opening = try ModelOpening(location, library: .bundled())
    _ = try opening.gatherEvidence()
    #expect(tree.tensorsRead(of: opening.checkpoint) == [])
    let model = try opening.model(opening.gatherEvidence(.detectFromValues))
    let read = tree.tensorsRead(of: opening.checkpoint)
    #expect(!read.isEmpty)
    #expect(read.allSatisfy { name in ["norm", "q_proj", "k_proj"].contains { name.contains($0) } })
    #expect(!model.appliedTransforms.findings.isEmpty)
  }

  @Test("gives the same weights and tokenizer from memory as from a disk")
  func sameModel() throws {
    for path in ["llama-gqa", "llama-sharded", "expected/llama-gqa/llama-gqa-bf16.gguf"] {
      let (_, location) = try MemoryTree.fixture(path, in: folder)
      let memory = try Model.open(location, library: .bundled())
      let disk = try Model.open(Fixtures.path(path), library: .bundled())
      let (one, other) = (try ModelWeights(memory), try ModelWeights(disk))
      for slot in disk.slots {
        let rows = 0..<(try #require(disk.canonicalLayout(slot)).shape.rowCount)
        var found: [Float] = [], expected: [Float] = []
        try one.readRows(slot.role, layer: slot.layer, rows: rows, into: &found)
        try other.readRows(slot.role, layer: slot.layer, rows: rows, into: &expected)
        #expect(found == expected, "\(path) \(slot)")
      }
      let text = "The quick brown fox"
      #expect(try memory.tokenizer().encode(text) == disk.tokenizer().encode(text), "\(path)")
    }
  }
}
