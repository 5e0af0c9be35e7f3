import Bytes
import Formats
import TestSupport
import Tensors
import Testing

@Suite("A model folder")
struct ModelFolderTests {
  let folder = TemporaryFolder()

  private func add(_ names: String...) throws {
    for name in names {
      try folder.writeUnflushed(name.hasSuffix(".gguf") ? GGUFBytes().bytes : SafeTensorsBytes("{}").bytes, to: name)
    }
  }

  private var message: String { failure { try ModelFolder(folder.path).openWeights() } }

  @Test("lists the files next to the weights")
  func sideFiles() throws {
    let model = try ModelFolder(Fixtures.path("llama-sharded"))
    #expect(
      model.sideFiles == [
        "config.json", "generation_config.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json",
      ])
    #expect(try model.json("config.json")?["model_type"]?.string == "llama")
    #expect(try model.json("params.json") == nil)
    #expect(try model.bytes("tokenizer.model")?.isEmpty == false)
    #expect(try model.openWeights().path == Fixtures.path("llama-sharded"))
  }

  @Test("is found from any of its files")
  func anyFile() throws {
    let path = Fixtures.path("llama-gqa", "model.safetensors")
    let model = try ModelFolder(path)
    #expect(model.path == Fixtures.path("llama-gqa"))
    #expect(try model.json("config.json") != nil)
    #expect(try model.openWeights().path == path)
  }

  @Test("locates wrong JSON in its file")
  func wrongJSON() throws {
    try folder.writeUnflushed(Array("{\"a\": None}".utf8), to: "config.json")
    #expect(
      failure { try ModelFolder(folder.path).json("config.json") as Any }
        == "\(folder.file("config.json")): JSON at byte 6: expected a value, found \"N\"")
  }

  @Test("without weights names the expected files")
  func noWeights() throws {
    #expect(message == "\(folder.path): folder has no weights, expected *.safetensors or *.gguf")
  }

  @Test("with PyTorch weights alone names them")
  func pyTorchWeights() throws {
    try add("pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin", "training_args.bin")
    #expect(
      message == "\(folder.path): folder has only PyTorch weights (\"pytorch_model-00001-of-00002.bin\","
        + " \"pytorch_model-00002-of-00002.bin\"), which are not read (save the model as safetensors)")
  }

  @Test("with several possible weights is refused")
  func severalWeights() throws {
    try add("a.gguf", "b.gguf", "c-00001-of-00002.gguf", "c-00002-of-00002.gguf", "d.gguf", "e.gguf")
    #expect(
      message == "\(folder.path): folder has several weights: \"a.gguf\", \"b.gguf\", \"c-00001-of-00002.gguf\","
        + " \"d.gguf\" and 1 more (pass one of them)")
  }

  @Test("with an index that does not list the weights is refused")
  func otherIndex() throws {
    try add("model.safetensors", "x.safetensors")
    try folder.writeUnflushed(
      Array(#"{"weight_map":{"a":"x.safetensors"}}"#.utf8), to: "model.safetensors.index.json")
    #expect(
      message == "\(folder.path): folder has several weights: \"model.safetensors\", \"model.safetensors.index.json\""
        + " (pass one of them)")
    #expect(try Checkpoint.open(folder.file("model.safetensors")).files.count == 1)
  }

  @Test("prefers the usual name and takes any other single file")
  func usualName() throws {
    try add("consolidated.safetensors")
    #expect(try ModelFolder(folder.path).openWeights().container == .safeTensors)
    try add("model.safetensors")
    #expect(try ModelFolder(folder.path).openWeights().files[0].path == folder.file("model.safetensors"))
    let other = TemporaryFolder()
    try other.writeUnflushed(GGUFBytes().bytes, to: "only.gguf")
    #expect(try Checkpoint.open(other.path).container == .gguf)
  }

  @Test("names a missing path")
  func missingPath() {
    let path = folder.file("nowhere")
    #expect(failure { try ModelFolder(path) } == "\(path): cannot be opened: no such file or folder")
  }
}
