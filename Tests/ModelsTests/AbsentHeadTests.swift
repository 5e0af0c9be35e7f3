import Bytes
import Models
import TestSupport
import Testing

/// An output matrix that config.json announces and no file stores.
@Suite("A head that is announced and absent")
struct AbsentHeadTests {
  private static let config = #"""
    "hidden_size":8,"intermediate_size":8,"num_hidden_layers":1,"num_attention_heads":1,"head_dim":8,"vocab_size":4
    """#
  private static let names = [
    ("model.embed_tokens.weight", [4, 8]), ("model.norm.weight", [8]), ("model.layers.0.input_layernorm.weight", [8]),
    ("model.layers.0.post_attention_layernorm.weight", [8]), ("model.layers.0.self_attn.q_proj.weight", [8, 8]),
    ("model.layers.0.self_attn.k_proj.weight", [8, 8]), ("model.layers.0.self_attn.v_proj.weight", [8, 8]),
    ("model.layers.0.self_attn.o_proj.weight", [8, 8]), ("model.layers.0.mlp.gate_proj.weight", [8, 8]),
    ("model.layers.0.mlp.up_proj.weight", [8, 8]), ("model.layers.0.mlp.down_proj.weight", [8, 8]),
  ]

  private func problems(_ members: String, also: [(String, [Int])] = []) throws -> [String] {
    let folder = TemporaryFolder()
    var begin = 0
    let entries = (Self.names + also).map { name, shape in
      defer { begin += 2 * shape.reduce(1, *) }
      return SafeTensorsBytes.entry(name, "BF16", shape, begin, begin + 2 * shape.reduce(1, *))
    }
    try folder.write(
      SafeTensorsBytes("{" + entries.joined(separator: ",") + "}", dataByteCount: begin).bytes, to: "model.safetensors")
    try folder.write(Array("{\(members),\(Self.config)}".utf8), to: "config.json")
    return try Model.open(folder.path, library: .bundled()).problems.map(\.description)
  }

  private static let start =
    "tensor \"lm_head.weight\": is missing, and config.json does not tie it to \"model.embed_tokens.weight\" "

  @Test(
    "is a problem of a class with a head",
    arguments: [
      (#""architectures":["LlamaForCausalLM"],"tie_word_embeddings":false"#, "(tie_word_embeddings is false)"),
      (#""architectures":["LlamaForCausalLM"]"#, "(tie_word_embeddings is absent, which means false)"),
      (#""model_type":"llama","tie_word_embeddings":false"#, "(tie_word_embeddings is false)"),
    ])
  func announced(members: String, reason: String) throws {
    #expect(
      try problems(members) == [
        Self.start + reason + "; restore the tensor, or set it to true if the model ties them"
      ])
  }

  @Test(
    "is none of a tied model, or of a class without a head",
    arguments: [
      #""architectures":["LlamaForCausalLM"],"tie_word_embeddings":true"#,
      #""architectures":["LlamaModel"],"tie_word_embeddings":false"#,
      #""architectures":["LlamaModel"]"#,
    ])
  func notAnnounced(members: String) throws {
    #expect(try problems(members) == [])
  }

  @Test("is none where the head is stored")
  func stored() throws {
    #expect(
      try problems(#""architectures":["LlamaForCausalLM"]"#, also: [("lm_head.weight", [4, 8])]) == [])
  }
}
