import Bytes
import Conversion
import Formats
import Models
import Tensors
import TestSupport
import Testing

/// What a plan says before anything is written.
@Suite("Messages of a plan")
struct PlanMessageTests {
  let folder = TemporaryFolder()

  private func remarks(_ source: String, _ edit: (inout ConversionRequest) -> Void = { _ in }) throws -> [PlanMessage] {
    var request = ConversionRequest(destination: folder.file("out.gguf"))
    edit(&request)
    return try Planner.plan(try Model.open(source, library: try .bundled()), request).messages
  }

  @Test("name hyperparameters that a GGUF cannot store")
  func lostHyperparameters() throws {
    #expect(
      try remarks(Fixtures.checkpoint("llama-dynamic", in: folder)).contains(
        .warning("rotary scaling \"dynamic\" is lost: a GGUF of this architecture has no key for it")))
    let window = try remarks(Fixtures.checkpoint("mistral", in: folder)).filter {
      $0.message.hasPrefix("sliding_window")
    }
    let stated = try Fixtures.json("mistral", "config.json")["sliding_window"]?.integer
    #expect(
      window
        == (stated.map { [.warning("sliding_window \($0) is lost: a GGUF of this architecture has no key for it")] }
          ?? []))
  }

  @Test("name the file that is followed where files disagree")
  func disagreement() throws {
    #expect(
      try remarks(Fixtures.path("yi")).contains(
        .warning("eos token: 7 in tokenizer_config.json, but 2 in config.json; 7 is used")))
  }

  @Test("warn of a model without a tokenizer")
  func noTokenizer() throws {
    #expect(
      try remarks(Fixtures.checkpoint("llama-yarn", in: folder)).contains(
        .warning("no tokenizer files were found: the GGUF has no vocabulary, so it takes token ids only")))
  }

  @Test("give an override as the rule of a tensor")
  func override() throws {
    var request = ConversionRequest(destination: folder.file("out.gguf"))
    request.typeOverrides = [.init(pattern: "attn_norm", format: .bf16), .init(pattern: #"blk\.0"#, format: .f16)]
    let plan = try Planner.plan(try Model.open(Fixtures.path("llama-gqa"), library: try .bundled()), request)
    let formats = ["blk.0.attn_norm.weight", "blk.1.attn_norm.weight", "blk.1.ffn_norm.weight"].map { name in
      plan.tensors.first { $0.name.text == name }.map { "\($0.format), \($0.rule)" }
    }
    #expect(
      formats == [
        "F16, --tensor-type blk\\.0", "BF16, --tensor-type attn_norm",
        "F32, one-dimensional tensors stay F32 in a GGUF",
      ])
  }

  @Test("name the naming scheme")
  func namingScheme() throws {
    #expect(
      try remarks(Fixtures.path("meta")).contains(
        .note("llama in the naming scheme \"meta\", found from the tensor names")))
  }

  @Test("warn of rows that are not whole blocks")
  func fallback() throws {
    // Width 40: no whole blocks of 32 in a row of the attention's matrices.
    let numbers = #"""
      {"architectures":["LlamaForCausalLM"],"hidden_size":40,"intermediate_size":64,"num_hidden_layers":1,
      "num_attention_heads":2,"head_dim":32,"vocab_size":8}
      """#
    try FileSystem.createFolder(folder.file("odd"))
    try folder.write(Array(numbers.utf8), to: "odd/config.json")
    let shapes: [(String, [Int])] = [
      ("model.embed_tokens.weight", [8, 40]), ("model.norm.weight", [40]), ("lm_head.weight", [8, 40]),
      ("model.layers.0.input_layernorm.weight", [40]), ("model.layers.0.post_attention_layernorm.weight", [40]),
      ("model.layers.0.self_attn.q_proj.weight", [64, 40]), ("model.layers.0.self_attn.k_proj.weight", [64, 40]),
      ("model.layers.0.self_attn.v_proj.weight", [64, 40]), ("model.layers.0.self_attn.o_proj.weight", [40, 64]),
      ("model.layers.0.mlp.gate_proj.weight", [64, 40]), ("model.layers.0.mlp.up_proj.weight", [64, 40]),
      ("model.layers.0.mlp.down_proj.weight", [40, 64]),
    ]
    let layout = try SafeTensors.Layout(
      tensors: shapes.map { name, dimensions in
        OutputTensor(name: TensorName(name), format: .bf16, shape: Shape(dimensions) ?? [])
      }, metadata: Metadata())
    let zeros = [UInt8](repeating: 0, count: layout.fileByteCount - layout.header.count)
    try folder.write(layout.header + zeros, to: "odd/model.safetensors")
    let found = try remarks(folder.file("odd")) { $0.type = .format(.q8_0) }
    #expect(found.filter { $0.message.contains(" F16: ") }.count == 1)
    #expect(
      found.contains(
        .warning(
          "7 tensors from \"output.weight\" on (71.9 % of the parameters) become F16: their rows of 40 elements do not fill blocks of Q8_0"
            + " (32 elements)"
        )))
  }
}
