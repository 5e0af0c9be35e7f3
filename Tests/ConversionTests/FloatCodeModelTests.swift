import Bytes
import Conversion
import Formats
import Models
import Quantization
import Tensors
import TestSupport
import Testing

/// Folders of FP8 and FP4 matrices; the expected digests are those of the values that their libraries decode.
@Suite("Models of FP8 and FP4 matrices")
struct FloatCodeModelTests {
  static let forms = ["nvfp4", "mxfp4", "fp8-rows", "fp8-one"]

  let folder = TemporaryFolder()

  /// The model with its tokenizer.
  private func stage(_ form: String) throws -> String {
    let path = folder.file(form)
    try FileSystem.createFolder(path)
    for name in ["tokenizer.model", "tokenizer_config.json", "special_tokens_map.json", "generation_config.json"] {
      try copy(Fixtures.path("llama-gqa", name), to: Path.join(path, name))
    }
    for name in ["config.json", "model.safetensors"] {
      try copy(Fixtures.path("float-codes", "models", form, name), to: Path.join(path, name))
    }
    return path
  }

  private func copy(_ source: String, to destination: String) throws {
    try AtomicFile.write(LocalFile(source).wholeContent(limit: 1 << 22), to: destination, overwrite: .refuse)
  }

  private func digests(_ form: String) throws -> [TensorName: String] {
    let json = try Fixtures.json("float-codes", "models", form, "expected.json")
    let digests = try #require(json["float32"]?.object)
    return Dictionary(uniqueKeysWithValues: digests.map { ($0.key, $0.value.string ?? "") })
  }

  @Test("become a plain folder of the decoded values", arguments: forms)
  func plainFolder(form: String) throws {
    let source = try stage(form)
    #expect(try Model.open(source, library: .bundled()).problems.isEmpty)
    try convert(source, to: folder.file("plain")) { $0.type = .format(.f32) }
    #expect(try tensorBytes(folder.file("plain")).mapValues { FileDigest.sha256($0) } == digests(form))
    let configuration = try LocalFile(folder.file("plain/config.json")).wholeContent(limit: 1 << 16)
    #expect(try JSON(parsing: configuration)["quantization_config"] == nil)
  }

  @Test("become the GGUF of the decoded values, with the rows of queries and keys moved", arguments: forms)
  func gguf(form: String) throws {
    let source = try stage(form)
    try convert(source, to: folder.file("plain")) { $0.type = .format(.f32) }
    for format in [StorageFormat.f32, .bf16, .q8_0] {
      let name = format.name
      try convert(source, to: folder.file("\(name).gguf")) { $0.type = .format(format) }
      try convert(folder.file("plain"), to: folder.file("\(name)-plain.gguf")) { $0.type = .format(format) }
      #expect(try tensorBytes(folder.file("\(name).gguf")) == tensorBytes(folder.file("\(name)-plain.gguf")))
    }
  }

  @Test("keep their codes and scales where a GGUF has them, and no value changes", arguments: ["nvfp4", "mxfp4"])
  func repacked(form: String) throws {
    let source = try stage(form), format: StorageFormat = form == "nvfp4" ? .nvfp4 : .mxfp4
    try convert(source, to: folder.file("plain")) { $0.type = .format(.f32) }
    try convert(folder.file("plain"), to: folder.file("f32.gguf")) { $0.type = .format(.f32) }
    for (name, type, exact) in [
      ("kept", ConversionRequest.TypeChoice.kept, ConversionRequest.ExactPolicy.follow),
      ("typed", .format(format), .follow), ("recipe", .recipe(try #require(Recipe.find("Q8_0")?.recipe)), .keep),
    ] {
      let path = folder.file("\(name).gguf")
      let outcomes = try convert(source, to: path) {
        $0.type = type
        $0.exactTensors = exact
      }
      let blocks = outcomes.filter { $0.tensor.isRepacked }
      #expect(blocks.count == outcomes.count { !$0.tensor.composedOf.isEmpty })
      #expect(!blocks.isEmpty && blocks.allSatisfy { $0.tensor.format == format && $0.report == nil })
      let found = try values(of: path), expected = try values(of: folder.file("f32.gguf"))
      for name in blocks.map(\.tensor.name) {
        let isSame = found[name] == expected[name]
        #expect(isSame, "\(name)")
      }
      #expect(outcomes.contains { $0.tensor.name.text.hasSuffix(".scale") } == (form == "nvfp4"))
    }
    // A GGUF with such blocks keeps them too.
    try convert(folder.file("kept.gguf"), to: folder.file("again.gguf")) { $0.type = .kept }
    let isSame = try storedBytes(folder.file("again.gguf")) == storedBytes(folder.file("kept.gguf"))
    #expect(isSame)
  }

  @Test("report the errors of every matrix that is rounded", arguments: forms)
  func errors(form: String) throws {
    let outcomes = try convert(stage(form), to: folder.file("model.gguf")) { $0.type = .format(.q8_0) }
    let rounded = outcomes.filter { $0.tensor.format == .q8_0 }
    #expect(!rounded.isEmpty && rounded.allSatisfy { $0.report != nil })
  }

  @Test("are refused for a code that is NaN, and nothing is left", arguments: [StorageFormat.bf16, .f16, .f32, .q8_0])
  func nonfinite(format: StorageFormat) throws {
    let source = try stage("fp8-one"), path = Path.join(source, "model.safetensors")
    let checkpoint = try Checkpoint.open(path)
    let codes = try #require(checkpoint.tensors.first { $0.name.text.hasSuffix("up_proj.weight") }?.byteRange)
    var bytes = try LocalFile(path).wholeContent(limit: 1 << 22)
    bytes[codes.offset + 5] = 0x7F
    try AtomicFile.write(bytes, to: path, overwrite: .replace)
    #expect(throws: (any Error).self) {
      try convert(source, to: folder.file("model.gguf")) { $0.type = .format(format) }
    }
    #expect(FileSystem.kind(of: folder.file("model.gguf")) == nil)
  }

  /// The decoded values of every tensor.
  private func values(of path: String) throws -> [TensorName: [Float]] {
    let model = try Model.open(path, library: .bundled())
    var result: [TensorName: [Float]] = [:]
    for tensor in model.checkpoint.tensors {
      var buffers = RowBuffers()
      try model.checkpoint.readValues(0..<tensor.shape.elementCount, of: tensor, into: &buffers)
      result[tensor.name] = Array(buffers.values.floats.prefix(tensor.shape.elementCount))
    }
    return result
  }

  /// The bytes of every stored tensor.
  private func storedBytes(_ path: String) throws -> [TensorName: [UInt8]] {
    let checkpoint = try Checkpoint.open(path)
    return try Dictionary(
      uniqueKeysWithValues: checkpoint.tensors.map { tensor in
        let file = checkpoint.files[tensor.fileIndex]
        return (tensor.name, try file.bytes(at: tensor.fileOffset, count: tensor.byteCount))
      })
  }

  @Test("become the tensors that llama.cpp's converter writes in BF16")
  func reference() throws {
    try convert(stage("fp8-one"), to: folder.file("model.gguf")) { $0.type = .format(.bf16) }
    let json = try Fixtures.json("float-codes", "models", "fp8-one", "expected.json")
    let expected = try #require(json["gguf"]?.object)
    let found = try tensorBytes(folder.file("model.gguf"))
    #expect(Set(found.keys) == Set(expected.keys))
    for (name, fact) in expected {
      #expect(found[name].map { FileDigest.sha256($0) } == fact.array?.last?.string, "\(name)")
    }
  }

  @Test("of no known architecture are decoded by name, gpt-oss's experts transposed")
  func experts() throws {
    let source = Fixtures.path("float-codes", "gpt-oss")
    var request = ConversionRequest(destination: folder.file("out"))
    request.type = .format(.f32)
    try Executor.run(try Planner.plan(try Model.openAsStored(source, library: .bundled()), request), threads: 2)
    let found = try Checkpoint.open(folder.file("out"))
    let expected = try Checkpoint.open(Path.join(source, "expected.safetensors"))
    for name in ["gate_up_proj", "down_proj"] {
      let name = TensorName("model.layers.0.mlp.experts." + name)
      let tensor = try #require(found.tensor(name)), other = try #require(expected.tensor(name))
      #expect(tensor.shape == other.shape)
      #expect(
        try found.files[tensor.fileIndex].bytes(at: tensor.fileOffset, count: tensor.byteCount)
          == expected.files[0].bytes(at: other.fileOffset, count: other.byteCount))
    }
  }
}
