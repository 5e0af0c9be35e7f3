import Architectures
import Bytes
import Formats
import Models
import TestSupport
import Tensors
import Testing

@Suite("Mapping tensors to slots")
struct TensorMappingTests {
  private static let configuration = """
    {"architectures":["LlamaForCausalLM"],"hidden_size":8,"intermediate_size":4,"num_hidden_layers":1,
    "num_attention_heads":2,"vocab_size":3,"tie_word_embeddings":true}
    """
  private static let tensors: [String: [Int]] = [
    "model.embed_tokens.weight": [3, 8], "model.norm.weight": [8], "model.layers.0.input_layernorm.weight": [8],
    "model.layers.0.post_attention_layernorm.weight": [8], "model.layers.0.self_attn.q_proj.weight": [8, 8],
    "model.layers.0.self_attn.k_proj.weight": [8, 8], "model.layers.0.self_attn.v_proj.weight": [8, 8],
    "model.layers.0.self_attn.o_proj.weight": [8, 8], "model.layers.0.mlp.gate_proj.weight": [4, 8],
    "model.layers.0.mlp.up_proj.weight": [4, 8], "model.layers.0.mlp.down_proj.weight": [8, 4],
  ]

  /// The model of the tensors above after `change`.
  private func model(_ change: (inout [String: [Int]]) -> Void) throws -> Model {
    var tensors = Self.tensors
    change(&tensors)
    var entries: [String] = [], end = 0
    for (name, dimensions) in tensors.sorted(by: { $0.key < $1.key }) {
      let byteCount = 4 * dimensions.reduce(1, *)
      entries.append(SafeTensorsBytes.entry(name, "F32", dimensions, end, end + byteCount))
      end += byteCount
    }
    let folder = TemporaryFolder()
    try folder.write(Array(Self.configuration.utf8), to: "config.json")
    let bytes = SafeTensorsBytes("{\(entries.joined(separator: ","))}", dataByteCount: end).bytes
    try folder.write(bytes, to: "model.safetensors")
    return try Model.open(folder.path, library: .bundled())
  }

  private func facts(_ model: Model) -> [TensorProblem.Reason] {
    model.problems.compactMap { ($0 as? TensorProblem)?.reason }
  }

  @Test("gives every tensor its slot")
  func everySlot() throws {
    let model = try model { _ in }
    #expect(model.problems.isEmpty)
    #expect(model.slots.count == Self.tensors.count)
    let query = try #require(model.tensor(TensorSlot(.attentionQuery, layer: 0)))
    #expect(query.descriptor.name == "model.layers.0.self_attn.q_proj.weight")
  }

  @Test("reports a name that the scheme does not have")
  func unmapped() throws {
    let model = try model { $0["model.layers.0.self_attn.z_proj.weight"] = [8, 8] }
    #expect(facts(model) == [.unmapped(scheme: "hf")])
  }

  @Test("reports a tensor that is missing")
  func missing() throws {
    let model = try model { $0["model.norm.weight"] = nil }
    #expect(facts(model) == [.missing(role: .outputNorm)])
  }

  @Test("reports a layer beyond the last one")
  func beyondEnd() throws {
    let model = try model { $0["model.layers.1.input_layernorm.weight"] = [8] }
    #expect(facts(model) == [.layerBeyondEnd(layer: 1, layerCount: 1)])
  }

  @Test("reports a shape that the hyperparameters contradict")
  func wrongShape() throws {
    let model = try model { $0["model.layers.0.mlp.down_proj.weight"] = [8, 5] }
    guard case .wrongShape(let found, let expected, _)? = facts(model).first else {
      Issue.record("\(model.problems)")
      return
    }
    #expect(found == [8, 5] && expected == [8, 4])
  }
}
