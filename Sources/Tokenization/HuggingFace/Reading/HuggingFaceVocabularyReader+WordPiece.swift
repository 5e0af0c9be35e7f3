import Bytes
import Tensors

// A word-piece vocabulary has a row for each row of the embedding, like a byte-level one. In a GGUF a piece that begins
// a word has the prefix `▁`, and a piece that continues one has no `##`; control tokens are unchanged. llama.cpp looks
// pieces up in this spelling.

extension HuggingFaceVocabularyReader {
  /// Reads word pieces; false if the files have none.
  mutating func readWordPiece() throws(VocabularyError) -> Bool {
    let ids: [ExactString: Int]
    if let tokenizer = files.tokenizer {
      guard tokenizer["model"]?["type"]?.string == "WordPiece" else { return false }
      ids = try sparseVocabulary(tokenizer["model"]?["vocab"], file: "tokenizer.json")
    } else if let lines = files.vocabularyLines {
      ids = Self.lineNumbers(lines)
    } else {
      return false
    }
    let name = preTokenizer ?? rules.preTokenizers.first ?? PreTokenizer.wordPieceNames[0]
    if preTokenizer == nil, rules.preTokenizers.isEmpty {
      unknownSteps = PreTokenizer.unknownWordPieceSteps(of: files.tokenizer)
    }
    vocabulary = Vocabulary(kind: .wordPiece, preTokenizer: name)
    vocabulary.wordRules = wordRules()
    let table = addedTokenTable(vocabulary: ids)
    reportShifted(table, file: "tokenizer.json")
    try fillRows(ids: ids, table: table)
    writeWordStarts()
    try readSpecialTokens(limit: vocabulary.count)
    return true
  }

  private mutating func writeWordStarts() {
    var tokens = PackedStrings()
    for (id, text) in vocabulary.tokens.enumerated() {
      if vocabulary.types[id] == .control {
        tokens.append(text)
      } else if text.starts(with: WordPiece.continuation) {
        tokens.append(text.dropFirst(WordPiece.continuation.count))
      } else {
        tokens.append(SentencePieceText.space + text)
      }
    }
    vocabulary.tokens = tokens
  }

  /// How text is prepared: by BERT's own class of transformers, or by the normalizer of `tokenizer.json`.
  private func wordRules() -> WordRules {
    var rules = WordRules()
    if tokenizerClass?.normalizer == .configuration || files.tokenizer == nil {
      rules.lowercases = files.configuration?["do_lower_case"]?.bool ?? true
      rules.separatesHan = files.configuration?["tokenize_chinese_chars"]?.bool ?? true
      rules.stripsAccents = files.configuration?["strip_accents"]?.bool ?? rules.lowercases
    } else {
      let normalizer = files.tokenizer?["normalizer"]
      let isBert = normalizer?["type"]?.string == "BertNormalizer"
      rules.cleansText = isBert && normalizer?["clean_text"]?.bool ?? true
      rules.lowercases = isBert && normalizer?["lowercase"]?.bool ?? true
      rules.separatesHan = isBert && normalizer?["handle_chinese_chars"]?.bool ?? true
      rules.stripsAccents = isBert && normalizer?["strip_accents"]?.bool ?? rules.lowercases
    }
    return rules
  }

  /// The tokens of `vocab.txt`, a line each; of a text that occurs twice the last line counts.
  private static func lineNumbers(_ bytes: [UInt8]) -> [ExactString: Int] {
    var lines = TokenizerFiles.text(bytes).split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last?.isEmpty ?? false { lines.removeLast() }
    return Dictionary(
      lines.enumerated().map { (ExactString(String($0.element)), $0.offset) }, uniquingKeysWith: { $1 })
  }
}

extension PreTokenizer {
  /// Names of word-piece tokenizers; llama.cpp splits text in one way for all of them.
  static let wordPieceNames = ["bert-bge", "bert-bge-large", "jina-v2-en"]

  /// The steps of a word-piece `tokenizer.json` in words; nil if normalizer and pre-tokenizer are BERT's.
  static func unknownWordPieceSteps(of tokenizer: JSON?) -> String? {
    guard let tokenizer else { return nil }
    let normalizer = tokenizer["normalizer"]?["type"]?.string ?? "none"
    let splitter = tokenizer["pre_tokenizer"]?["type"]?.string ?? "none"
    let isKnown = normalizer == "BertNormalizer" && splitter == "BertPreTokenizer"
    return isKnown ? nil : "normalizer \(normalizer) and pre_tokenizer \(splitter)"
  }
}

extension TokenizerClass.Template {
  /// `[CLS] … [SEP]`
  static let wordPiece = TokenizerClass.Template(prefix: [.cls], suffix: [.sep])
}
