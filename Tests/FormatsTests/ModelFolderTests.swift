import Bytes
import Formats
import Foundation
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
    #expect(message == "\(folder.path): folder has no weights, expected *.safetensors, *.gguf or PyTorch's *.bin")
  }

  @Test("with PyTorch weights alone opens them, and no file of training")
  func pyTorchWeights() throws {
    let tensor = try LocalFile(Fixtures.path("pytorch", "tensor.pt")).wholeContent(limit: 1 << 16)
    for name in ["pytorch_model.bin", "training_args.bin", "optimizer.pt", "other.pth"] {
      try folder.writeUnflushed(tensor, to: name)
    }
    #expect(try ModelFolder(folder.path).openWeights().files.map(\.name) == ["pytorch_model.bin"])
    try add("model.safetensors")
    #expect(try ModelFolder(folder.path).openWeights().container == .safeTensors)
    let other = TemporaryFolder()
    for name in ["scheduler.pt", "consolidated.00.pth"] { try other.writeUnflushed(tensor, to: name) }
    #expect(try ModelFolder(other.path).openWeights().files.map(\.name) == ["consolidated.00.pth"])
  }

  @Test(
    "names what a folder has instead of weights",
    arguments: [
      (["model.onnx"], "folder has only an ONNX model (\"model.onnx\"), which is not read"),
      (["openvino_model.bin", "openvino_model.xml"], "folder has only an OpenVINO model (\"openvino_model.bin\","),
      (["flax_model.msgpack"], "folder has only a Flax checkpoint (\"flax_model.msgpack\")"),
      (["weights.npy"], "folder has only a NumPy array (.npy) (\"weights.npy\")"),
      (["__0_0.distcp"], "folder has only a distributed checkpoint of PyTorch (\"__0_0.distcp\")"),
      (["optimizer.pt", "rng_state.pth"], "folder has no weights, expected *.safetensors, *.gguf or PyTorch's *.bin"),
      (["model.safetensors.incomplete"], "folder has only an unfinished download ("),
    ])
  func foreign(names: [String], words: String) throws {
    for name in names { try folder.writeUnflushed([1, 2, 3], to: name) }
    #expect(message.hasPrefix("\(folder.path): \(words)"), "\(message)")
  }

  @Test("names subfolders that have weights")
  func subfolders() throws {
    for name in ["unet", "text_encoder"] {
      try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: true)
      try add("\(name)/model.safetensors")
    }
    #expect(
      message == "\(folder.path): folder has no weights, but its subfolders do (pass one of them: \"text_encoder\","
        + " \"unet\")")
    try folder.writeUnflushed([], to: "model_index.json")
    #expect(
      message == "\(folder.path): is a diffusers pipeline, expected a model (pass one of its folders: \"text_encoder\","
        + " \"unet\")")
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
