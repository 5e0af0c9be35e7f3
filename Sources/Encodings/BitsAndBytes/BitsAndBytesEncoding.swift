import Bytes
import Tensors

/// Models that bitsandbytes quantized to 4 bits (NF4, FP4) or 8 bits, as transformers saves them.
///
/// A matrix is quantized if it has scales, also if `llm_int8_skip_modules` names it. The other members of the configuration
/// say how a layer computes.
enum BitsAndBytesEncoding {
  static let methods = ["bitsandbytes", "bitsandbytes_4bit", "bitsandbytes_8bit"]
  /// Words in the names of parts.
  static let words = ["SCB", "bitsandbytes__nf4", "bitsandbytes__fp4", "absmax", "quant_map"]
  private static let members: Set<String> = [
    "quant_method", "load_in_4bit", "load_in_8bit", "_load_in_4bit", "_load_in_8bit", "llm_int8_threshold",
    "llm_int8_skip_modules", "llm_int8_enable_fp32_cpu_offload", "llm_int8_has_fp16_weight",
    "bnb_4bit_compute_dtype", "bnb_4bit_quant_type", "bnb_4bit_use_double_quant", "bnb_4bit_quant_storage",
  ]
  private static let statePart = ".quant_state.bitsandbytes__"
  /// Where the order of stored rows is that of the matrix; others were made for kernels of single GPUs.
  private static let plainWeightFormat: UInt8 = 0

  /// Returns the checkpoint with one tensor for each quantized matrix.
  static func composing(_ evidence: FormEvidence) -> EncodedCheckpoint {
    let composed = evidence.tensor("SCB") == nil ? composingFourBits(evidence) : composingEightBits(evidence)
    let unread = (evidence.quantization?.object ?? [:]).keys.map(\.text).filter { !members.contains($0) }
    return composed.noting(unread: unread, of: "config.json: quantization_config")
  }

  private static func composingFourBits(_ evidence: FormEvidence) -> EncodedCheckpoint {
    let parts = [".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map"]
    // Codes are named as the matrix is, be it `X.weight` or a parameter of its own such as `experts.down_proj`.
    let names = PartNames(codes: "", result: "", parts: parts + FourBitState.codes.map { statePart + $0 })
    var unread: [String] = []
    let composed = evidence.composing(names) { group throws(EncodingError) in
      let stated = FourBitState.codes.compactMap { group.part(statePart + $0) }
      guard let text = stated.first else {
        let isPacked =
          group.codes.format == .u8 && group.codes.shape.rank == 2 && group.codes.shape.rowElementCount == 1
        guard isPacked || parts.contains(where: { group.part($0) != nil }) else { return nil }
        throw .missingPart(of: group.codes, name: group.stem + statePart + FourBitState.codes[0])
      }
      let state = try FourBitState(evidence.content(of: text), of: text)
      for name in state.unread where !unread.contains(name) { unread.append(name) }
      return try FourBitComposition(group, state)
    }
    return composed.noting(unread: unread, of: "quant_state")
  }

  private static func composingEightBits(_ evidence: FormEvidence) -> EncodedCheckpoint {
    let format = ".weight_format"
    let names = PartNames(codes: ".weight", result: ".weight", parts: [".SCB", format])
    return evidence.composing(names) { group throws(EncodingError) in
      guard let scales = group.part(".SCB") else {
        guard group.codes.format == .i8 else { return nil }
        throw .missingPart(of: group.codes, name: group.stem + ".SCB")
      }
      if let stored = group.part(format), try evidence.content(of: stored).contains(where: { $0 != plainWeightFormat })
      {
        throw .refused(
          what: "quantized by bitsandbytes in a layout for one kind of GPU (\(stored.name.text.quoted) is not 0)",
          nextStep: "quantize the original model again, or convert that")
      }
      return try EightBitComposition(group.codes, scales: scales)
    }
  }
}
