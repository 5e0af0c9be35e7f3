import Architectures
import Bytes
import Inference
import TestSupport

/// A committed checkpoint as a source of weights, read by the simplest means: one safetensors file, whole.
struct FixtureModel: WeightSource {
  let hyperparameters: Hyperparameters
  private let tensors: [ExactString: [Float]]
  private let columnCounts: [ExactString: Int]

  struct Unreadable: Error { let fact: String }

  /// Reads `fixtures/<name>/config.json` and `model.safetensors`.
  init(_ name: String) throws {
    let config = try JSON(parsing: InputFile(Fixtures.path(name, "config.json")).wholeContent(limit: 1 << 20))
    hyperparameters = try Self.hyperparameters(config)

    let bytes = try InputFile(Fixtures.path(name, "model.safetensors")).wholeContent(limit: 1 << 26)
    let headerLength = (0..<8).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
    let header = try JSON(parsing: Array(bytes[8..<8 + headerLength]))
    var tensors: [ExactString: [Float]] = [:], columnCounts: [ExactString: Int] = [:]
    for (key, entry) in header.object ?? [:] where key != "__metadata__" {
      guard let type = entry["dtype"]?.string, let shape = entry["shape"]?.array?.compactMap(\.integer),
        let offsets = entry["data_offsets"]?.array?.compactMap(\.integer), offsets.count == 2
      else { throw Unreadable(fact: key.text) }
      let data = bytes[8 + headerLength + offsets[0]..<8 + headerLength + offsets[1]]
      tensors[key] = try Self.widen(Array(data), type)
      columnCounts[key] = shape.last
    }
    self.tensors = tensors
    self.columnCounts = columnCounts
  }

  func contains(_ role: TensorRole, layer: Int?, part: Int?) -> Bool {
    Self.names(role, layer).contains { tensors[$0] != nil }
  }

  func readRows(_ role: TensorRole, layer: Int?, part: Int?, rows: Range<Int>, into values: inout [Float]) throws {
    guard let name = Self.names(role, layer).first(where: { tensors[$0] != nil }), let tensor = tensors[name],
      let width = columnCounts[name], rows.upperBound * width <= tensor.count
    else { throw Unreadable(fact: "\(role) \(rows)") }
    let part = tensor[rows.lowerBound * width..<rows.upperBound * width]
    if values.count < part.count { values = Array(part) } else { values.replaceSubrange(0..<part.count, with: part) }
  }

  private static func names(_ role: TensorRole, _ layer: Int?) -> [ExactString] {
    let own =
      [
        .tokenEmbedding: ["model.embed_tokens.weight"], .outputNorm: ["model.norm.weight"],
        .output: ["lm_head.weight"], .attentionNorm: ["input_layernorm.weight", "ln1.weight"],
        .feedForwardNorm: ["post_attention_layernorm.weight", "ln2.weight"],
        .attentionQuery: ["self_attn.q_proj.weight"], .attentionQueryBias: ["self_attn.q_proj.bias"],
        .attentionKey: ["self_attn.k_proj.weight"], .attentionKeyBias: ["self_attn.k_proj.bias"],
        .attentionValue: ["self_attn.v_proj.weight"], .attentionValueBias: ["self_attn.v_proj.bias"],
        .attentionOutput: ["self_attn.o_proj.weight"], .attentionOutputBias: ["self_attn.o_proj.bias"],
        .feedForwardGate: ["mlp.gate_proj.weight"], .feedForwardGateBias: ["mlp.gate_proj.bias"],
        .feedForwardUp: ["mlp.up_proj.weight"], .feedForwardUpBias: ["mlp.up_proj.bias"],
        .feedForwardDown: ["mlp.down_proj.weight"], .feedForwardDownBias: ["mlp.down_proj.bias"],
      ] as [TensorRole: [String]]
    let prefix = layer.map { "model.layers.\($0)." } ?? ""
    return (own[role] ?? []).map { ExactString(prefix + $0) }
  }

  private static func widen(_ data: [UInt8], _ type: String) throws -> [Float] {
    func pattern(_ index: Int, _ width: Int) -> UInt32 {
      (0..<width).reduce(0) { $0 | UInt32(data[index * width + $1]) << UInt32(8 * $1) }
    }
    return switch type {
    case "F32": (0..<data.count / 4).map { Float(bitPattern: pattern($0, 4)) }
    case "BF16": (0..<data.count / 2).map { Float(bitPattern: pattern($0, 2) << 16) }
    case "F16": (0..<data.count / 2).map { Float(Float16(bitPattern: UInt16(pattern($0, 2)))) }
    default: throw Unreadable(fact: type)
    }
  }

  private static func hyperparameters(_ config: JSON) throws -> Hyperparameters {
    func integer(_ key: String) throws -> Int {
      guard let value = config[key]?.integer else { throw Unreadable(fact: key) }
      return value
    }
    let headCount = try integer("num_attention_heads"), width = try integer("hidden_size")
    let headDimension = config["head_dim"]?.integer ?? width / headCount
    let scaling = config["rope_parameters"] ?? config["rope_scaling"] ?? .null
    return Hyperparameters(
      layerCount: try integer("num_hidden_layers"), embeddingLength: width,
      feedForwardLength: try integer("intermediate_size"), headCount: headCount,
      keyValueHeadCount: try integer("num_key_value_heads"), headDimension: headDimension,
      vocabularySize: try integer("vocab_size"), contextLength: try integer("max_position_embeddings"),
      normEpsilon: config["rms_norm_eps"]?.real ?? 0,
      rotary: RotaryEmbedding(
        base: config["rope_theta"]?.real ?? scaling["rope_theta"]?.real ?? 0, dimensionCount: headDimension,
        scaling: try self.scaling(scaling, contextLength: try integer("max_position_embeddings"))),
      tiesEmbeddings: config["tie_word_embeddings"]?.bool ?? false, slidingWindow: config["sliding_window"]?.integer)
  }

  private static func scaling(_ scaling: JSON, contextLength: Int) throws -> RotaryScaling {
    let factor = scaling["factor"]?.real ?? 0
    let original = scaling["original_max_position_embeddings"]?.integer ?? 0
    return switch scaling["rope_type"]?.string ?? scaling["type"]?.string {
    case nil: .none
    case "linear": .linear(factor: factor)
    case "dynamic": .dynamic(factor: factor, originalContextLength: contextLength)
    case "yarn": .yarn(.init(factor: factor, originalContextLength: original))
    case "llama3":
      .llama3(
        factor: factor, lowFrequencyFactor: scaling["low_freq_factor"]?.real ?? 0,
        highFrequencyFactor: scaling["high_freq_factor"]?.real ?? 0, originalContextLength: original)
    case .some(let name): throw Unreadable(fact: name)
    }
  }
}
