import Bytes

// Special tokens that files of ranks leave to the program that reads them.

extension RankedTokens {
  /// The tokens of Llama 3's tiktoken file, without special tokens.
  static let llama3Count = 128_000

  /// Llama 3's special tokens in the order of their ids, as published folders name them.
  ///
  /// - Parameter isFirstRelease: whether to use the names of Llama 3, before tools and the 3.1 release.
  static func llama3Specials(isFirstRelease: Bool) -> [String] {
    let named: [Int: String] =
      isFirstRelease
      ? [0: "begin_of_text", 1: "end_of_text", 6: "start_header_id", 7: "end_header_id", 9: "eot_id"]
      : [
        0: "begin_of_text", 1: "end_of_text", 4: "finetune_right_pad_id", 6: "start_header_id", 7: "end_header_id",
        8: "eom_id", 9: "eot_id", 10: "python_tag",
      ]
    var reservedCount = 0
    return (0..<256).map { index in
      if let name = named[index] { return "<|\(name)|>" }
      defer { reservedCount += 1 }
      return "<|reserved_special_token_\(reservedCount)|>"
    }
  }

  /// Whether `config.json` or `params.json` scales RoPE, as models do since Llama 3.1.
  static func scalesRotary(_ model: JSON) -> Bool {
    model["use_scaled_rope"]?.bool == true
      || ["rope_scaling", "rope_parameters"].contains {
        model[$0]?["rope_type"]?.string.map { $0 != "default" } ?? false
      }
  }

  /// The special tokens of a tekken.json that lists none (mistral_common's `DEPRECATED_SPECIAL_TOKENS`).
  static let tekkenSpecials = [
    "<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]", "[IMG_END]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]",
    "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_CONTENT]",
  ]
}
