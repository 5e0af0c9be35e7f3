import Bytes
import Tensors

// The vocabulary's keys in a GGUF, in the order of llama.cpp's converter:
//
//   tokenizer.ggml.add_*_token             bool     only those that the architecture states first (ModernBERT)
//   tokenizer.ggml.token_type_count        uint32   only BERT; RoBERTa's byte-level vocabulary has it last
//   tokenizer.ggml.add_space_prefix        bool     only if a file says so; if the SentencePiece model says so, after
//                                                   the types or at the end
//   tokenizer.ggml.model                   string   "llama", "gemma4", "gpt2", "bert" or "t5"
//   tokenizer.ggml.pre                     string   not of "gemma4"
//   tokenizer.ggml.tokens                  [string]
//   tokenizer.ggml.scores                  [float32]  not byte-level and word pieces
//   tokenizer.ggml.token_type              [int32]
//   tokenizer.ggml.remove_extra_whitespaces  bool   only unigram
//   tokenizer.ggml.precompiled_charsmap    [uint8]  only unigram
//   tokenizer.ggml.merges                  [string]   only byte-level and "gemma4"
//   tokenizer.ggml.*_token_id              uint32
//   tokenizer.ggml.add_*_token             bool
//   tokenizer.chat_template.NAME           string   one per named template
//   tokenizer.chat_templates               [string] the names
//   tokenizer.chat_template                string
//   tokenizer.ggml.normalizer.*            bool
//
// For tekken.json the order is model, pre, merges, *_token_id, tokens, scores ([int32], all 0), token_type, add_*_token,
// chat_template.

extension Vocabulary {
  /// A vocabulary of this size is CodeLlama's with infilling: its end of turn is the last key.
  static let infillTokenCount = 32016
  /// The EOT token of CodeLlama's infilling vocabulary.
  static let infillEndOfTurn = 32010
  /// The size of a vocabulary (Granite's and SmolLM's) that never adds BOS.
  static let noStartTokenCount = 49152

  /// The vocabulary's metadata for a GGUF, in the order of llama.cpp's converter.
  public func metadata() -> Metadata {
    keyOrder == .usual ? usualMetadata() : mistralMetadata()
  }

  private func mistralMetadata() -> Metadata {
    var metadata = Metadata()
    metadata[Keys.model] = .string(ByteString(kind.rawValue))
    metadata[Keys.pre] = .string(ByteString(preTokenizer))
    metadata.setArray(Keys.merges, .string(merges))
    writeSpecialTokens(specialTokens, into: &metadata)
    metadata.setArray(Keys.tokens, .string(tokens))
    metadata.setArray(Keys.scores, .int32([Int32](repeating: 0, count: count)))
    metadata.setArray(Keys.types, .int32(types.map(\.rawValue)))
    writeAdditions(into: &metadata)
    writeChatTemplates(into: &metadata)
    return metadata
  }

  private func usualMetadata() -> Metadata {
    var metadata = Metadata()
    for entry in firstAdditions {
      if let key = Keys.addition(entry.role) { metadata[key] = .bool(adds(entry.role) ?? entry.isAdded) }
    }
    if kind == .wordPiece { writeTokenTypeCount(into: &metadata) }
    writeSpacePrefix(.first, into: &metadata)
    metadata[Keys.model] = .string(ByteString(kind.rawValue))
    if kind != .mergedPieces { metadata[Keys.pre] = .string(ByteString(preTokenizer)) }
    metadata.setArray(Keys.tokens, .string(tokens))
    metadata.setArray(Keys.scores, .float32(scores))
    metadata.setArray(Keys.types, .int32(types.map(\.rawValue)))
    writeSpacePrefix(.behindTypes, into: &metadata)
    if kind == .unigram { writeTokenTypeCount(into: &metadata) }
    if let removesExtraSpaces { metadata[Keys.removeExtraSpaces] = .bool(removesExtraSpaces) }
    metadata.setArray(Keys.normalizationTable, .uint8(normalizationTable))
    if kind == .byteLevel || kind == .mergedPieces { metadata.setArray(Keys.merges, .string(merges)) }
    writeSpecialTokens(specialTokens, into: &metadata)
    writeAdditions(into: &metadata)
    writeChatTemplates(into: &metadata)
    if let lowercases { metadata[Keys.lowercase] = .bool(lowercases) }
    if let stripsAccents { metadata[Keys.stripAccents] = .bool(stripsAccents) }
    writeSpecialTokens(lateSpecialTokens, into: &metadata)
    writeSpacePrefix(.last, into: &metadata)
    if let addsBOSOverride { metadata[Keys.addBOS] = .bool(addsBOSOverride) }
    if kind == .byteLevel || kind == .sentencePiece { writeTokenTypeCount(into: &metadata) }
    return metadata
  }

  private func writeAdditions(into metadata: inout Metadata) {
    for entry in additions {
      if let key = Keys.addition(entry.role) { metadata[key] = .bool(entry.isAdded) }
    }
  }

  private func writeTokenTypeCount(into metadata: inout Metadata) {
    guard let count = tokenTypeCount.flatMap(UInt32.init(exactly:)) else { return }
    metadata[Keys.tokenTypeCount] = .uint32(count)
  }

  private func writeSpacePrefix(_ place: SpacePrefixKeyOrder, into metadata: inout Metadata) {
    if let addsSpacePrefix, place == spacePrefixPlace { metadata[Keys.addSpacePrefix] = .bool(addsSpacePrefix) }
  }

  private func writeSpecialTokens(_ entries: [SpecialTokenID], into metadata: inout Metadata) {
    for entry in entries {
      guard let key = Keys.id(entry.role), let id = UInt32(exactly: entry.id) else { continue }
      metadata[key] = .uint32(id)
    }
  }

  private func writeChatTemplates(into metadata: inout Metadata) {
    var names: [String] = []
    for template in chatTemplates where template.name != "default" {
      guard !template.text.isEmpty || !names.contains(template.name) else { continue }
      if !names.contains(template.name) { names.append(template.name) }
      if !template.text.isEmpty { metadata[Keys.chatTemplate + "." + template.name] = .text(template.text) }
    }
    metadata.setArray(Keys.chatTemplates, .string(PackedStrings(names)))
    if let chatTemplate, !chatTemplate.isEmpty { metadata[Keys.chatTemplate] = .text(chatTemplate) }
  }

  enum Keys {
    static let addSpacePrefix = "tokenizer.ggml.add_space_prefix"
    static let removeExtraSpaces = "tokenizer.ggml.remove_extra_whitespaces"
    static let model = "tokenizer.ggml.model"
    static let pre = "tokenizer.ggml.pre"
    static let tokens = "tokenizer.ggml.tokens"
    static let scores = "tokenizer.ggml.scores"
    static let types = "tokenizer.ggml.token_type"
    static let merges = "tokenizer.ggml.merges"
    static let addBOS = "tokenizer.ggml.add_bos_token"
    static let chatTemplate = "tokenizer.chat_template"
    static let chatTemplates = "tokenizer.chat_templates"
    static let normalizationTable = "tokenizer.ggml.precompiled_charsmap"
    static let tokenTypeCount = "tokenizer.ggml.token_type_count"
    static let lowercase = "tokenizer.ggml.normalizer.lowercase"
    static let stripAccents = "tokenizer.ggml.normalizer.strip_accents"

    /// The key of a role's id; GGUF spells three of them differently and has none for CLS.
    static func id(_ role: SpecialToken) -> String? {
      switch role {
      case .cls: nil
      case .unk: "tokenizer.ggml.unknown_token_id"
      case .sep: "tokenizer.ggml.seperator_token_id"
      case .pad: "tokenizer.ggml.padding_token_id"
      default: "tokenizer.ggml.\(role.rawValue)_token_id"
      }
    }

    static func addition(_ role: SpecialToken) -> String? {
      switch role {
      case .bos, .eos, .sep: "tokenizer.ggml.add_\(role.rawValue)_token"
      default: nil
      }
    }
  }
}

extension Vocabulary {
  /// Whether a key of a GGUF becomes a part of a vocabulary, so that vocabularies with other values of it differ.
  public static func includes(metadataKey key: String) -> Bool {
    if key.hasPrefix(Keys.chatTemplate) || key == Keys.chatTemplates { return true }
    let keys = [
      Keys.addSpacePrefix, Keys.removeExtraSpaces, Keys.model, Keys.pre, Keys.tokens, Keys.scores, Keys.types,
      Keys.merges, Keys.normalizationTable, Keys.tokenTypeCount, Keys.lowercase, Keys.stripAccents,
    ]
    return keys.contains(key) || SpecialToken.allCases.contains { Keys.id($0) == key || Keys.addition($0) == key }
  }
}

extension Metadata {
  /// Sets an array unless it is empty; GGUF writers omit empty arrays.
  fileprivate mutating func setArray(_ key: String, _ values: MetadataArray) {
    if values.count > 0 { self[key] = .array(values) }
  }
}

extension MetadataValue {
  fileprivate static func text(_ text: String) -> MetadataValue { .string(ByteString(text)) }
}
