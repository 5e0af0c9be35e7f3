import Bytes
import Tensors

// How llama-quantize classifies tensors by their GGUF names, for all architectures (llama.cpp 0c1e57098,
// `tensor_get_category` and `tensor_allows_quantization`).

extension Recipe {
  /// Substrings of names of tensors that are small, or that inference reads in full precision.
  private static let keptParts = [
    "_norm.weight", "ffn_gate_inp.weight", "ffn_gate_tid2eid.weight", "altup", "laurel", "per_layer_model_proj",
    "ssm_conv1d", "shortconv.conv.weight", "indexer.k_proj.weight", "indexer.q_proj.weight", "attn_rel_b.weight",
    "time_mix_first.weight", "time_mix_w0.weight", "time_mix_w1.weight", "time_mix_w2.weight", "time_mix_v0.weight",
    "time_mix_v1.weight", "time_mix_v2.weight", "time_mix_a0.weight", "time_mix_a1.weight", "time_mix_a2.weight",
    "time_mix_g1.weight", "time_mix_g2.weight", "time_mix_decay_w1.weight", "time_mix_decay_w2.weight",
    "time_mix_lerp_fused.weight", ".position_embd", "sam.pos_embd", "sam.neck.", "sam.net_", ".rel_pos",
    ".patch_embd", ".patch_merger", "a.rvq.codebook", "mm.a.code_embd",
  ]

  /// Full names of such tensors.
  private static let keptNames: Set<TensorName> = ["position_embd.weight", "token_types.weight"]

  /// Further substrings for one architecture.
  private static let keptPartsOfArchitecture = [
    "glm5-next": [
      "hc_", "indexer.attn_q_b", "indexer.attn_k", "indexer.proj", "indexer_compressor_gate", "indexer_compressor_ape",
      "ssm_f_a.weight", "ssm_f_b.weight", "ssm_g_a.weight", "ssm_g_b.weight", "ssm_beta.weight",
      "attn_kv_a_mqa.weight", "attn_k_b.weight", "attn_v_b.weight",
    ]
  ]

  /// Whether a tensor of this name and shape is a matrix that recipes quantize; others keep their format.
  public static func quantizes(_ name: TensorName, _ shape: Shape, architecture: String) -> Bool {
    let text = name.text
    guard shape.rowCount > 1, text.hasSuffix("weight"), !keptNames.contains(name) else { return false }
    return !keptParts.contains(where: text.hasBytes)
      && !(keptPartsOfArchitecture[architecture] ?? []).contains(where: text.hasBytes)
  }
}

extension Recipe.Kind {
  /// The first substring that a name contains decides; fused and compressed values count as values.
  private static let parts: [(part: String, kind: Self)] = [
    ("attn_qkv.weight", .attentionValue), ("attn_kv_b.weight", .attentionValue), ("attn_v.weight", .attentionValue),
    ("attn_k.weight", .attentionKey), ("attn_q.weight", .attentionQuery), ("attn_output.weight", .attentionOutput),
    ("ffn_up", .feedForwardUp), ("ffn_gate", .feedForwardGate), ("ffn_down", .feedForwardDown),
  ]

  /// The kind of the tensor that has this name in a GGUF.
  public init(_ name: TensorName) {
    let text = name.text
    switch text {
    case "output.weight": self = .output
    case "token_embd.weight", "per_layer_token_embd.weight": self = .tokenEmbedding
    default: self = Self.parts.first { text.hasBytes($0.part) }?.kind ?? .other
    }
  }
}
