import Bytes
import Tensors

/// Models that MLC quantized, as WebLLM loads them.
///
/// `quantization` of mlc-chat-config.json names the scheme, and `model_config` the widths of rows, which codes of 3 bits do not
/// always show.
enum MLCEncoding {
  /// The `quant_method` under which the facts of an MLC folder state its scheme.
  static let method = "mlc"

  /// The members that state widths of rows.
  private static let widths = ["hidden_size", "intermediate_size", "moe_intermediate_size", "n_embd", "n_inner"]

  /// Returns the checkpoint with one tensor for each quantized matrix.
  static func composing(_ evidence: FormEvidence) throws(EncodingError) -> EncodedCheckpoint {
    guard let name = evidence.quantization?["scheme"]?.string else {
      throw .refused(
        what: "quantized by MLC without a mlc-chat-config.json that names the scheme",
        nextStep: "put the model's mlc-chat-config.json into the folder")
    }
    let scheme = try MLCScheme.named(name)
    let columnCounts = columnCounts(evidence.configuration ?? .null)
    return evidence.composing(PartNames(codes: ".q_weight", result: ".weight", parts: [".q_scale"])) {
      group throws(EncodingError) in
      guard let scheme else { return nil }
      return try MLCComposition(
        group.codes, scales: group.required(".q_scale"), scheme, columnCounts: columnCounts)
    }
  }

  private static func columnCounts(_ configuration: JSON) -> Set<Int> {
    var counts = widths.compactMap { configuration[$0]?.integer }
    if let heads = (configuration["num_attention_heads"] ?? configuration["n_head"])?.integer {
      let width = configuration["head_dim"]?.integer ?? (heads > 0 ? (counts.first ?? 0) / heads : 0)
      let (product, overflow) = heads.multipliedReportingOverflow(by: width)
      if !overflow { counts.append(product) }
    }
    return Set(counts.filter { $0 > 0 })
  }
}
