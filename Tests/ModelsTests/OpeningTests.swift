import Architectures
import Bytes
import Models
import TestSupport
import Tensors
import Testing

@Suite("Opening a model")
struct OpeningTests {
  private let folder = TemporaryFolder()

  /// A folder of the fixtures in memory, and the file in it that is named.
  private func location(_ path: String) throws -> (tree: MemoryTree, location: InputLocation) {
    let isFile = path.hasSuffix(".gguf")
    let local = try Fixtures.checkpoint(isFile ? Path.folder(of: path) : path, in: folder)
    let tree = try MemoryTree(copying: local)
    let file = isFile ? try tree.open(Path.name(of: path)) : nil
    return (tree, InputLocation(folder: tree, file: file))
  }

  @Test(
    "reads headers and side files alone",
    arguments: [
      "llama-gqa", "llama-sharded", "llama3-tied", "meta", "architectures/gemma2", "architectures/bert-bge",
      "expected/llama-gqa/llama-gqa-bf16.gguf", "expected/llama3-tied/llama3-tied-q8_0.gguf",
      "gguf/split-00001-of-00003.gguf",
    ])
  func headersAlone(path: String) throws {
    let (tree, location) = try location(path)
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
    let (tree, location) = try location("expected/llama3-tied/llama3-tied-q8_0.gguf")
    let opening = try ModelOpening(location, library: .bundled())
    let unread = try opening.model()
    #expect(unread.parameters.rotaryScaling == .none)
    #expect(unread.remarks.contains { $0.contains("\"rope_freqs.weight\" were not read") })
    let model = try opening.model(opening.gatherEvidence())
    #expect(tree.tensorsRead(of: model.checkpoint) == ["rope_freqs.weight"])
    let folder = try Model.open(Fixtures.path("llama3-tied"), library: .bundled())
    #expect(model.parameters.rotaryScaling == folder.parameters.rotaryScaling)
  }

  @Test("reads norms, queries and keys to detect transforms, and only if asked")
  func transforms() throws {
    let (tree, location) = try location("architectures/gemma2")
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
      let (_, location) = try location(path)
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
