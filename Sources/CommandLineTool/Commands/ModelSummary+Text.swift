import Ingot

extension Model {
  /// The sizes that matter most, on one line.
  var sizesInWords: String {
    func number(_ name: String) -> String { hyperparameters.integer(name).map(\.grouped) ?? "?" }
    var parts = [
      "\(number("layer_count")) layers", "width \(number("embedding_length"))",
      "inner width \(number("feed_forward_length"))",
      "\(number("head_count")) heads of \(number("head_dimension"))",
      "\(number("key_value_head_count")) key-value heads",
    ]
    if let count = hyperparameters.integer("expert_count"), count > 0 {
      parts.append("\(number("expert_used_count")) of \(counted(count, "expert"))")
    }
    parts.append("vocabulary \(number("vocabulary_size"))")
    if hyperparameters.flag("ties_embeddings") { parts.append("tied embeddings") }
    return parts.joined(separator: ", ")
  }
}

extension ModelSummary {
  /// The lines of a report: context, tokens, template and memory.
  var lines: [(String, String)] {
    var lines: [(String, String)] = []
    if let contextLength {
      let window = slidingWindow.map { "sliding window \($0.grouped)" }
      lines.append(
        (
          "context",
          [counted(contextLength, "token"), window, positions].compactMap(\.self).joined(separator: ", ")
        ))
    }
    if let vocabulary {
      lines.append(("tokens", vocabulary.words))
      lines.append(("template", vocabulary.templateWords))
    }
    if let memoryWords { lines.append(("memory", memoryWords)) }
    return lines
  }

  /// `182.1 MiB at 4,096 tokens, 272.1 MiB at 8,192 (weights 92.1 MiB, F16 cache 90.0 MiB and 180.0 MiB)`
  private var memoryWords: String? {
    let weights = "weights \(weightByteCount.byteSize)"
    if isEncoder { return weights + ", an encoder without a cache" }
    guard let first = memory.first, let cache else { return nil }
    let totals = memory.map { memory in
      let noun = memory == first ? " tokens" : ""
      return "\(memory.byteCount.byteSize) at \(memory.tokenCount.grouped)\(noun)"
    }
    let caches = memory.map(\.cacheByteCount.byteSize).joined(separator: " and ")
    return "\(totals.joined(separator: ", ")) (\(weights), F16 cache \(caches)\(cache.exceptions))"
  }
}

extension KeyValueCache {
  /// The layers that do not cache all tokens, in words.
  fileprivate var exceptions: String {
    var parts: [String] = []
    if windowedLayerCount > 0 {
      parts.append("\(counted(windowedLayerCount, "layer")) with a window of \(slidingWindow.grouped)")
    }
    if sharingLayerCount > 0 { parts.append("\(counted(sharingLayerCount, "layer")) sharing keys and values") }
    if recurrentLayerCount > 0 { parts.append("\(counted(recurrentLayerCount, "layer")) with a recurrent state") }
    if isLatent { parts.append("MLA") }
    return parts.isEmpty ? "" : ", " + parts.joined(separator: ", ")
  }
}

extension VocabularySummary {
  /// `32,000 of llama; bos 1 "<s>" (added), eos 2 "</s>"`
  fileprivate var words: String {
    let tokens = specialTokens.map { token in
      let text = token.text?.quoted ?? "beyond the vocabulary"
      return "\(token.role.rawValue) \(token.id) \(text)\(addedRoles.contains(token.role) ? " (added)" : "")"
    }
    let size = "\(tokenCount.grouped) (\([kind, preTokenizer].compactMap(\.self).joined(separator: ", ")))"
    return ([size] + tokens).joined(separator: ", ")
  }

  /// `chat template of 1,234 bytes`, with the names of others.
  fileprivate var templateWords: String {
    guard !chatTemplates.isEmpty else { return "none" }
    return chatTemplates.map { template in
      let name = template.name == "default" ? "" : " \(template.name.quoted)"
      return "chat template\(name) of \(counted(template.text.utf8.count, "byte"))"
    }.joined(separator: ", ")
  }
}
