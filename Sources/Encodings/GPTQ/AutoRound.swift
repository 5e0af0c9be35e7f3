import Bytes

/// Checkpoints of AutoRound, whose `packing_format` (before version 0.3 `backend`) says how codes are packed:
///
///     auto_round:auto_gptq …     as GPTQ packs them, zero points less 1
///     auto_round:gptqmodel …     as GPTQ packs them, zero points as they are
///     auto_round, auto_round:…   the same
///     auto_round:auto_awq …      as AWQ's gemm packs them
///
/// Other packing formats are those of floats (`auto_round:fp8_static`, `auto_round:llm_compressor`) and are refused.
enum AutoRound {
  static func read(_ evidence: FormEvidence) throws(EncodingError) -> EncodedCheckpoint {
    let source = evidence.quantization ?? .null
    if let type = source["data_type"]?.string, type != "int" { throw refusal("data_type", type) }
    if let bits = source["act_bits"]?.integer, bits < 16 { throw refusal("act_bits", String(bits)) }
    guard let format = (source["packing_format"] ?? source["backend"])?.string else {
      throw .member("packing_format", expected: "a string such as \"auto_round:auto_gptq\"")
    }
    let words = format.split(separator: ":").map(String.init)
    let variant = words.dropFirst().first { !kernels.contains($0) }
    switch variant {
    case nil where ["auto_round", "autoround", "gptq", "auto_gptq"].contains(words.first):
      let isGPTQ = words[0].hasSuffix("gptq")
      return try gptq(evidence, isGPTQ ? .lessOne : .plain)
    case "gptqmodel": return try gptq(evidence, .plain)
    case "gptq", "auto_gptq": return try gptq(evidence, .lessOne)
    case "awq", "auto_awq": return try AWQ.read(evidence, name: "AutoRound")
    default: throw refusal("packing_format", format)
    }
  }

  /// Kernels that run a packing format, which do not change it.
  private static let kernels: Set<String> = [
    "exllamav2", "exllama", "tritonv2", "triton", "marlin", "cuda", "torch", "gemm", "qigen",
  ]

  private static func gptq(
    _ evidence: FormEvidence, _ storage: ZeroPointStorage
  ) throws(EncodingError) -> EncodedCheckpoint {
    let configuration = try GPTQConfiguration(autoRound: evidence.quantization ?? .null, storage)
    return try GPTQ(evidence: evidence, configuration: configuration).composing()
  }

  private static func refusal(_ member: String, _ value: String) -> EncodingError {
    .refused(what: "quantized by AutoRound with \(member) \(value.quoted)", nextStep: PackedConfiguration.nextStep)
  }
}
