import Bytes
import Models
import Tensors
import TestSupport
import Testing

/// A model of another program as a user has it: `fixtures/PROGRAM/NAME`, with the tokenizer of the checkpoint that it was made
/// from.
struct ForeignFolder: Sendable, CustomTestStringConvertible {
  /// `mlx`, `bitsandbytes` or `mlc`.
  let program: String
  let name: String

  init(_ program: String, _ name: String) { (self.program, self.name) = (program, name) }

  var testDescription: String { "\(program)/\(name)" }

  static let mlx = [
    "llama", "llama-overrides", "qwen3-mxfp4", "qwen3-nvfp4", "qwen3-mxfp8", "mixtral", "qwen2-moe", "qwen3-moe",
    "olmoe",
    "granite-moe", "deepseek-v2-lite", "gemma2", "gpt2",
  ].map { ForeignFolder("mlx", $0) }
  static let bitsAndBytes = ["llama-nf4", "qwen2-int8", "qwen3-fp4"].map { ForeignFolder("bitsandbytes", $0) }
  static let mlc = ["llama", "qwen2", "gemma2", "phi3", "mixtral", "qwen3-moe"].map { ForeignFolder("mlc", $0) }
  static let all = mlx + bitsAndBytes + mlc

  /// The folder of the fixture.
  private var fixture: String { Fixtures.path(program, name) }
  private var expected: JSON {
    get throws { try Fixtures.json(program, name, "expected.json") }
  }

  /// The SHA-256 of each tensor in F32, under the name that transformers gives it.
  var digests: [String: String] {
    get throws {
      let members = try #require(try expected["float32"]?.object)
      return Dictionary(uniqueKeysWithValues: members.map { ($0.key.text, $0.value.string ?? "") })
    }
  }

  /// The checkpoint that it was made from, and the folder; both below `parent`.
  func stage(in parent: TemporaryFolder) throws -> (source: String, folder: String) {
    let source = try #require(try expected["source"]?.string)
    let original: String
    if source.hasPrefix("architectures/") {
      original = try ArchitectureFixture.named(Path.name(of: source)).stage(in: parent)
    } else {
      original = Fixtures.path(source)
    }
    let folder = parent.file("\(program)-\(name)")
    try FileSystem.createFolder(folder)
    for file in try FileSystem.list(original) where !["config.json", "model.safetensors"].contains(file) {
      guard FileSystem.kind(of: Path.join(original, file)) == .regular else { continue }
      try Self.copy(file, from: original, to: folder)
    }
    for file in try FileSystem.list(fixture) where file != "expected.json" {
      try Self.copy(file, from: fixture, to: folder)
    }
    return (original, folder)
  }

  private static func copy(_ file: String, from source: String, to folder: String) throws {
    let bytes = try LocalFile(Path.join(source, file)).wholeContent(limit: 16 << 20)
    try AtomicFile.write(bytes, to: Path.join(folder, file), overwrite: .replace)
  }
}
