import Architectures
import Bytes
import Conversion
import Models
import Tensors
import TestSupport
import Testing

/// `adapter.gguf` of a fixture is what llama.cpp's convert_lora_to_gguf.py writes.
@Suite("An adapter as a GGUF")
struct AdapterFileTests {
  static let names = ["llama", "bloom", "phi3"]

  private func path(_ name: String) -> String { Fixtures.path("adapters", name) }

  private func baseFolder(_ name: String, in parent: TemporaryFolder) throws -> String {
    let base = try #require(try Fixtures.json("adapters", name, "expected.json")["base"]?.string)
    guard base.hasPrefix("architectures/") else { return Fixtures.path(base) }
    return try ArchitectureFixture.named(Path.name(of: base)).stage(in: parent)
  }

  private func write(_ name: String, base: String, to output: String, _ format: StorageFormat = .f32) throws {
    let export = try AdapterExport(InputLocation(path(name)), base: InputLocation(base), library: .bundled())
    try AdapterFile(export, format: format).write(to: output, overwrite: .refuse)
  }

  @Test("is llama.cpp's file, byte for byte", arguments: names)
  func reference(name: String) throws {
    let folder = TemporaryFolder()
    try write(name, base: baseFolder(name, in: folder), to: folder.file("adapter.gguf"))
    let written = try LocalFile(folder.file("adapter.gguf")).wholeContent(limit: 1 << 20)
    let expected = try LocalFile(Fixtures.path("adapters", name, "adapter.gguf")).wholeContent(limit: 1 << 20)
    #expect(written == expected)
  }

  @Test("needs no more of its base than a configuration")
  func configurationAlone() throws {
    let folder = TemporaryFolder()
    let config = try LocalFile(Fixtures.path("llama-gqa", "config.json")).wholeContent(limit: 1 << 20)
    try folder.write(config, to: "config.json")
    try write("llama", base: folder.path, to: folder.file("adapter.gguf"))
    let expected = try LocalFile(Fixtures.path("adapters", "llama", "adapter.gguf")).wholeContent(limit: 1 << 20)
    #expect(try LocalFile(folder.file("adapter.gguf")).wholeContent(limit: 1 << 20) == expected)
  }

  @Test("adds to a model what the folder of PEFT adds", arguments: names)
  func reading(name: String) throws {
    let folder = TemporaryFolder()
    let base = try baseFolder(name, in: folder), file = Fixtures.path("adapters", name, "adapter.gguf")
    try convert(base, to: folder.file("peft"), adapters: [path(name)]) { $0.type = .format(.f32) }
    try convert(base, to: folder.file("gguf"), adapters: [file]) { $0.type = .format(.f32) }
    #expect(try tensorBytes(folder.file("peft")) == tensorBytes(folder.file("gguf")))
    try convert(base, to: folder.file("base.gguf")) { $0.type = .format(.f32) }
    try convert(folder.file("base.gguf"), to: folder.file("merged"), adapters: [file])
    #expect(try tensorBytes(folder.file("merged")) == tensorBytes(folder.file("peft")))
  }

  @Test("has factors that are transposed where the base stores transposed matrices")
  func transposed() throws {
    let folder = TemporaryFolder()
    let base = try baseFolder("gpt2", in: folder)
    try write("gpt2", base: base, to: folder.file("adapter.gguf"))
    try convert(base, to: folder.file("peft"), adapters: [path("gpt2")]) { $0.type = .format(.f32) }
    try convert(base, to: folder.file("gguf"), adapters: [folder.file("adapter.gguf")]) { $0.type = .format(.f32) }
    #expect(try tensorBytes(folder.file("peft")) == tensorBytes(folder.file("gguf")))
  }

  @Test("is refused where it cannot be an update of a GGUF's tensors")
  func refusals() throws {
    #expect(
      failure {
        try AdapterExport(
          InputLocation(path("llama-saved")), base: InputLocation(Fixtures.path("llama-gqa")), library: .bundled())
      }
      .contains("replaces \"lm_head.weight\", which an adapter for llama.cpp cannot do"))
    #expect(
      failure { try AdapterExport(InputLocation(path("llama")), base: nil, library: .bundled()) }
        .contains("base_model_name_or_path \"llama-gqa\" is not a folder here (pass it with --base"))
    #expect(
      failure {
        try AdapterExport(
          InputLocation(path("llama")), base: InputLocation(Fixtures.path("llama3-tied")), library: .bundled())
      }
      .contains("the factors make a matrix of"))
  }
}
