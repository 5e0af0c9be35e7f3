import Architectures
import Bytes
import Conversion
import Models
import Quantization
import TestSupport
import Tensors
import Testing

@Suite("A model in memory")
struct MemoryModelTests {
  let folder = TemporaryFolder()

  @Test(
    "is converted to the same bytes as from a disk",
    arguments: [
      ("llama-gqa", "out.gguf"), ("llama-gqa", "out"), ("llama-sharded", "out.gguf"),
      ("architectures/bert-bge", "out"), ("expected/llama-gqa/llama-gqa-bf16.gguf", "out"),
    ])
  func sameBytes(source: String, name: String) throws {
    let (disk, memory) = (folder.file("disk"), folder.file("memory"))
    for path in [disk, memory] { try FileSystem.createFolder(path) }
    try convert(Fixtures.checkpoint(source, in: folder), to: Path.join(disk, name)) { Self.edit(&$0, name) }
    var request = ConversionRequest(destination: Path.join(memory, name))
    Self.edit(&request, name)
    let model = try Model.open(MemoryTree.fixture(source, in: folder).location, library: .bundled())
    try Executor.run(try Planner.plan(model, request), threads: 2)
    #expect(try contents(of: memory) == contents(of: disk))
  }

  private static func edit(_ request: inout ConversionRequest, _ name: String) {
    if name.hasSuffix(".gguf") { request.type = .format(.q8_0) }
  }

  /// The bytes of all files below a folder, by their paths in it.
  private func contents(of path: String) throws -> [String: [UInt8]] {
    var result: [String: [UInt8]] = [:]
    for name in try FileSystem.list(path) {
      let inner = Path.join(path, name)
      if FileSystem.kind(of: inner) == .folder {
        for (file, bytes) in try contents(of: inner) { result[Path.join(name, file)] = bytes }
      } else {
        result[name] = try LocalFile(inner).wholeContent(limit: 1 << 26)
      }
    }
    return result
  }

  @Test(
    "is planned from its headers without evidence",
    arguments: ["llama-gqa", "architectures/gemma2", "expected/llama3-tied/llama3-tied-q8_0.gguf"])
  func plannedFromHeaders(path: String) throws {
    let (tree, location) = try MemoryTree.fixture(path, in: folder)
    let model = try ModelOpening(location, library: .bundled()).model()
    let request = ConversionRequest(destination: folder.file("out.gguf"))
    let plan = try Planner.plan(model, request, evidence: PlanningEvidence.none)
    #expect(!plan.files.isEmpty)
    #expect(tree.tensorsRead(of: model.checkpoint) == [])
  }

  @Test("is read for evidence only where values decide")
  func planningEvidence() throws {
    let (tree, location) = try MemoryTree.fixture("architectures/gemma2", in: folder)
    let model = try ModelOpening(location, library: .bundled()).model()
    _ = try PlanningEvidence.gather(model, ConversionRequest(destination: folder.file("out.gguf")))
    let read = tree.tensorsRead(of: model.checkpoint)
    #expect(!read.isEmpty)
    #expect(read.allSatisfy { $0.contains("norm") })
  }

  @Test("is merged with an adapter in memory", arguments: [("llama-gqa", "llama")])
  func adapter(base: String, name: String) throws {
    let adapter = Fixtures.path("adapters", name)
    try convert(Fixtures.path(base), to: folder.file("disk.gguf"), adapters: [adapter])
    let model = try Model.open(
      MemoryTree.fixture(base, in: folder).location, library: .bundled(),
      adapters: [InputLocation(folder: MemoryTree(copying: adapter))])
    try Executor.run(
      try Planner.plan(model, ConversionRequest(destination: folder.file("memory.gguf"))), threads: 2)
    let files = try contents(of: folder.path)
    #expect(files["memory.gguf"] == files["disk.gguf"])
  }

  @Test("that changes during the conversion leaves no output")
  func changes() throws {
    let (tree, location) = try MemoryTree.fixture("llama-gqa", in: folder)
    let model = try Model.open(location, library: .bundled())
    let plan = try Planner.plan(model, ConversionRequest(destination: folder.file("out.gguf")))
    try #require(tree.file("model.safetensors")).change()
    #expect { try Executor.run(plan, threads: 1) } throws: {
      "\($0)" == "/nowhere/llama-gqa/model.safetensors: changed while it was read; the output was discarded"
    }
    #expect(folder.names == [])
  }
}
