import Architectures
import Bytes
import Models
import TestSupport
import Testing

/// Which layers must have a tensor follows from config.json; tensors of other layers contradict it.
@Suite("Tensors that only some layers have")
struct RequiredLayerTests {
  static let dense = JSON.string("full_attention"), recurrent = JSON.string("linear_attention")
  /// A member of config.json, another value than its tensors have, and the first tensor that is then missing.
  static let contradictions: [(fixture: String, key: String, value: JSON, tensor: String, words: String)] = [
    ("dots1", "first_k_dense_replace", .integer(0), "model.layers.0.mlp.gate.weight", "first_k_dense_replace = 0"),
    (
      "glm4-moe", "first_k_dense_replace", .integer(9), "model.layers.1.mlp.gate_proj.weight",
      "first_k_dense_replace = 9"
    ),
    (
      "deepseek-v3", "first_k_dense_replace", .integer(2), "model.layers.1.mlp.gate_proj.weight",
      "first_k_dense_replace = 2"
    ),
    (
      "deepseek-v2", "first_k_dense_replace", .integer(0), "model.layers.0.mlp.gate.weight", "first_k_dense_replace = 0"
    ),
    ("afmoe", "num_dense_layers", .integer(1), "model.layers.1.mlp.router.gate.weight", "num_dense_layers = 1"),
    (
      "ernie4-5-moe", "moe_layer_start_index", .integer(0), "model.layers.0.mlp.gate.weight",
      "moe_layer_start_index = 0"
    ),
    (
      "ernie4-5-moe", "moe_layer_interval", .integer(4), "model.layers.1.mlp.gate_proj.weight", "moe_layer_interval = 4"
    ),
    (
      "hy-v3", "first_k_dense_replace", .integer(0), "model.layers.0.mlp.router.gate.weight",
      "first_k_dense_replace = 0"
    ),
    (
      "hy-v3", "mlp_layer_types", .array([.string("dense"), .string("dense")]), "model.layers.1.mlp.gate_proj.weight",
      "mlp_layer_types"
    ),
    (
      "qwen3-moe", "mlp_only_layers", .array([.integer(1)]), "model.layers.1.mlp.gate_proj.weight", "mlp_only_layers"
    ),
    (
      "qwen2-moe", "decoder_sparse_step", .integer(2), "model.layers.0.mlp.gate_proj.weight", "decoder_sparse_step = 2"
    ),
    (
      "qwen3-next", "full_attention_interval", .integer(3), "model.layers.2.self_attn.k_proj.weight",
      "full_attention_interval = 3"
    ),
    (
      "qwen3-5", "layer_types", .array([dense, recurrent, recurrent, dense]), "model.layers.0.self_attn.k_proj.weight",
      "layer_types"
    ),
  ]

  @Test("are missing where config.json says otherwise, by its member", arguments: contradictions)
  func contradiction(fixture: String, key: String, value: JSON, tensor: String, words: String) throws {
    let folder = TemporaryFolder()
    let path = try ArchitectureFixture.named(fixture).stage(in: folder)
    #expect(try Model.open(path, library: .bundled()).problems.isEmpty)
    let file = Path.join(path, "config.json")
    var members = try #require(try JSON(parsing: LocalFile(file).wholeContent(limit: 1 << 20)).object)
    members[ExactString(key)] = value
    try AtomicFile.write(JSON.object(members).encoded(.indented), to: file, overwrite: .replace)
    let problems = try Model.open(path, library: .bundled()).problems
    let found = problems.map(\.description).joined(separator: "\n")
    #expect(!problems.isEmpty && found.contains("tensor \"\(tensor)\": is missing"), "\(found)")
    #expect(found.contains(", required by ") && found.contains(words), "\(found)")
  }

  @Test("are missing where a list has too few layers")
  func listLength() throws {
    let folder = TemporaryFolder()
    let path = try ArchitectureFixture.named("qwen3-5").stage(in: folder)
    let file = Path.join(path, "config.json")
    var members = try #require(try JSON(parsing: LocalFile(file).wholeContent(limit: 1 << 20)).object)
    members["layer_types"] = .array([Self.recurrent, Self.dense])
    try AtomicFile.write(JSON.object(members).encoded(.indented), to: file, overwrite: .replace)
    let problems = try Model.open(path, library: .bundled()).problems.map(\.description).joined(separator: "\n")
    #expect(problems.contains("is missing") && problems.contains("required by layer_types"), "\(problems)")
  }
}
