import Architectures
import Bytes
import Tensors
import Testing

/// Numbers of T5 that no key of a GGUF or of config.json states, told by the tensors.
@Suite("Hyperparameters inferred from tensors")
struct InferredHyperparameterTests {
  let t5: ArchitectureDefinition

  init() throws { t5 = try #require(try ArchitectureLibrary.bundled().definition(named: "t5")) }

  private func ofGGUF(roles: Set<TensorRole>, layers: [TensorRole: Set<Int>] = [:]) throws -> HyperparameterSet {
    try t5.hyperparameters(
      of: Metadata(), observed: .init(layerCount: 2, roles: roles, layers: layers, rows: [:]))
  }

  private func ofFolder(_ json: String, roles: Set<TensorRole>) throws -> HyperparameterSet {
    try t5.hyperparameters(
      of: Configuration(try JSON(parsing: Array(json.utf8))),
      observed: .init(layerCount: 9, roles: roles, rows: [:]))
  }

  @Test("have the activation of a gate")
  func gate() throws {
    #expect(try ofGGUF(roles: []).text("activation") == "relu")
    #expect(try ofGGUF(roles: [.feedForwardGate]).text("activation") == "gated-gelu")
    let silu = try ofFolder(#"{"feed_forward_proj":"gated-silu"}"#, roles: [.feedForwardGate])
    #expect(try Hyperparameters(silu, features: #require(t5.forwardPass)).features.activation == .silu)
    #expect(t5.hyperparametersLostInGGUF(silu).map(\.name) == ["feed_forward_proj"])
    let gelu = try ofFolder(#"{"feed_forward_proj":"gated-gelu"}"#, roles: [.feedForwardGate])
    #expect(try Hyperparameters(gelu, features: #require(t5.forwardPass)).features.activation == .geluTanh)
    #expect(t5.hyperparametersLostInGGUF(gelu).isEmpty)
    #expect(try ofFolder(#"{"model_type":"umt5"}"#, roles: []).text("activation") == "gated-gelu")
  }

  @Test("are those of UMT5 if later layers have biases")
  func laterBiases() throws {
    let name = "has_biases_in_every_layer"
    #expect(try !ofGGUF(roles: [.relativeAttentionBias], layers: [.relativeAttentionBias: [0]]).flag(name))
    #expect(try ofGGUF(roles: [.relativeAttentionBias], layers: [.relativeAttentionBias: [1]]).flag(name))
  }

  /// What config.json says of tied matrices, and what is made of it: one matrix or two, scaled logits or not.
  struct Tied: Sendable {
    let json: String
    let hasOutput: Bool, ties: Bool, scales: Bool
  }

  @Test(
    "tie embeddings unless there are two matrices",
    arguments: [
      Tied(json: "{}", hasOutput: false, ties: true, scales: true),
      // A file that holds the one matrix twice.
      Tied(json: "{}", hasOutput: true, ties: false, scales: true),
      Tied(json: #"{"tie_word_embeddings":false}"#, hasOutput: true, ties: false, scales: false),
      // As transformers 5 writes a Flan-T5.
      Tied(
        json: #"{"tie_word_embeddings":true,"scale_decoder_outputs":false}"#, hasOutput: true, ties: false,
        scales: false),
      // As transformers 5 writes an mT5.
      Tied(json: #"{"model_type":"mt5","tie_word_embeddings":true}"#, hasOutput: true, ties: false, scales: false),
    ])
  func tiedMatrices(tied: Tied) throws {
    let set = try ofFolder(tied.json, roles: tied.hasOutput ? [.output] : [])
    #expect(set.flag("ties_embeddings") == tied.ties && set.flag("scales_logits") == tied.scales)
    // Layers are not counted where config.json has a key for their number.
    #expect(set.integer("layer_count") != 9)
  }

  @Test("scale the output of a GGUF with one matrix")
  func scaledOutput() throws {
    #expect(try ofGGUF(roles: []).flag("scales_logits"))
    #expect(try !ofGGUF(roles: [.output]).flag("scales_logits"))
    let numbers = try Hyperparameters(ofGGUF(roles: []), features: #require(t5.forwardPass))
    #expect(numbers.scales.logit == 1 / 512.0.squareRoot() && numbers.scales.attention == 1)
    #expect(numbers.decoder == .init(layerCount: 2, startToken: 0))
    #expect(numbers.stacks == [.encoder, .decoder] && numbers.of(.decoder).features.mask == .causal)
  }
}
