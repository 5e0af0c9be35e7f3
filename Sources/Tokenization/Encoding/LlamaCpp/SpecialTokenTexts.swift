import Tensors

/// Texts that llama.cpp takes for special tokens, ignoring the types in a GGUF (`llama_vocab::impl::load`).
enum SpecialTokenTexts {
  /// They end a text or a turn.
  private static let endings: Set<String> = [
    "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>", "<end_of_turn>",
    "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "<|end_of_text|>",
    "<end_of_utterance>", "<eos>", "<turn|>", "<|tool_response>", "<｜end▁of▁sentence｜>", "[e~[",
  ]
  /// They are matched as user-defined tokens.
  private static let userDefined: Set<String> = ["<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"]
  /// One of them takes a role that no key names.
  private static let roles: [(role: SpecialToken, texts: Set<String>)] = [
    (
      .fillInPrefix,
      [
        "<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<｜fim▁begin｜>", "<PRE>", "▁<PRE>", "<|code_prefix|>",
        "<|prefix|>",
      ]
    ),
    (
      .fillInSuffix,
      [
        "<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>", "<｜fim▁hole｜>", "<SUF>", "▁<SUF>", "<|code_suffix|>",
        "<|suffix|>",
      ]
    ),
    (
      .fillInMiddle,
      [
        "<|fim_middle|>", "<fim-middle>", "<fim_middle>", "<｜fim▁end｜>", "<MID>", "▁<MID>", "<|code_middle|>",
        "<|middle|>",
      ]
    ),
    (.fillInPad, ["<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"]),
    (.fillInRepository, ["<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"]),
    (.fillInSeparator, ["<|file_sep|>"]),
  ]

  /// The types that llama.cpp gives to tokens of `vocabulary` by their texts, by id.
  static func types(in vocabulary: Vocabulary) -> [Int: TokenType] {
    var types: [Int: TokenType] = [:]
    var ids: [String: Int] = [:]
    var open = roles.filter { vocabulary.id(of: $0.role) == nil }
    for (id, token) in vocabulary.tokens.enumerated() {
      // The first bytes of the texts above.
      guard let first = token.first, [0x3C, 0x5B, 0x5F, 0xE2].contains(first), token.count <= 32 else { continue }
      let text = vocabulary.tokens.text(id)
      let place = open.firstIndex { $0.texts.contains(text) }
      if let place { open.remove(at: place) }
      if endings.contains(text) || place != nil { types[id] = .control }
      if userDefined.contains(text) { types[id] = .userDefined }
      if endings.contains(text) || text == "<|plamo:eos|>" { ids[text] = id }
    }
    // In gpt-oss and Solar the end of a message is not the end of a turn.
    if let end = ids["<|end|>"],
      ids["<|return|>"] != nil && ids["<|call|>"] ?? ids["<|calls|>"] != nil
        || ids["<|flush|>"] != nil && ids["<|call|>"] ?? ids["<|calls|>"] != nil
    {
      types[end] = .userDefined
    }
    if let end = ids["</s>"], ids["<|tool_response>"] ?? ids["<|plamo:eos|>"] != nil { types[end] = .normal }
    return types
  }
}
