import Bytes
import Tensors

// A unigram vocabulary comes from a SentencePiece model (spiece.model or tokenizer.model), which also says how text is
// prepared. Where there is only a tokenizer.json, the pieces and scores come from its model, the table of replacements
// from its normalizer.

extension HuggingFaceVocabularyReader {
  /// Reads a unigram model; false if the files have none.
  mutating func readUnigram() throws(VocabularyError) -> Bool {
    if let bytes = files.fairseqModel, let leading = rules.leadingPieces {
      let model = try SentencePieceModel(bytes)
      guard model.algorithm == .unigram else { return false }
      try readUnigram(model, leading)
    } else if let bytes = files.sentencePiece ?? files.unigramModel {
      let model = try SentencePieceModel(bytes)
      guard model.algorithm == .unigram else { return false }
      try readUnigram(model)
    } else if let tokenizer = files.tokenizer, tokenizer["model"]?["type"]?.string == "Unigram" {
      try readUnigram(tokenizer)
    } else {
      return false
    }
    vocabulary.spacePrefixPlace = .behindTypes
    return true
  }

  private mutating func readUnigram(_ model: SentencePieceModel) throws(VocabularyError) {
    vocabulary = Vocabulary(kind: .unigram)
    let rows = try pieceRows(model)
    for row in rows.rows { vocabulary.append(row.text, score: row.score, type: row.type) }
    vocabulary.addsSpacePrefix = model.addsSpacePrefix
    vocabulary.removesExtraSpaces = model.removesExtraSpaces
    vocabulary.normalizationTable = model.normalizationTable
    setTextRules(addsSpace: model.addsSpacePrefix, cutsAtSpaces: model.removesExtraSpaces)
    try readSpecialTokens(limit: rows.count)
    vocabulary.addedTokens = sentencePieceAddedTokens(model)
  }

  private mutating func readUnigram(_ tokenizer: JSON) throws(VocabularyError) {
    let file = "tokenizer.json"
    vocabulary = Vocabulary(kind: .unigram)
    let pieces = tokenizer["model"]?["vocab"]?.array ?? []
    var ids: [ExactString: Int] = [:]
    var rows = Rows(count: statedSize ?? max(vocabularySize, pieces.count))
    for (id, entry) in pieces.enumerated() {
      guard let pair = entry.array, pair.count == 2, let text = pair[0].string, let score = pair[1].real,
        score.isFinite
      else {
        throw .invalidMember(file: file, member: "vocab", expected: "an array of strings with their scores")
      }
      ids[ExactString(text)] = id
      guard id < rows.count else {
        conflicts.append(.ignoredToken(text: text, id: id, file: file, vocabularySize: rows.count))
        continue
      }
      rows[id] = Row(text: Array(text.utf8), score: Float(score), type: text.isByteName ? .byte : .normal)
    }
    let table = addedTokenTable(vocabulary: ids)
    for token in table.sorted {
      guard token.id < rows.count else {
        guard token.id >= pieces.count else { continue }
        conflicts.append(.ignoredToken(text: token.text, id: token.id, file: file, vocabularySize: rows.count))
        continue
      }
      rows[token.id].text = Array(token.text.utf8)
      if rows[token.id].type == .unused { rows[token.id].score = 0 }
      rows[token.id].type = token.options.contains(.special) ? .control : .userDefined
    }
    let unknown = tokenizer["model"]?["unk_id"]?.integer
    if let unknown, unknown >= 0, unknown < rows.count { rows[unknown].type = .unknown }
    for row in rows.rows { vocabulary.append(row.text, score: row.score, type: row.type) }
    vocabulary.normalizationTable = Self.replacementTable(tokenizer["normalizer"])
    let splits = tokenizer["pre_tokenizer"]?["pretokenizers"]?.array ?? [tokenizer["pre_tokenizer"] ?? .null]
    let cutsAtSpaces = splits.contains { $0["type"]?.string == "WhitespaceSplit" }
    let addsSpace = spacePrefix(tokenizer) != .never
    vocabulary.addsSpacePrefix = addsSpace
    vocabulary.removesExtraSpaces = collapsesSpaces(splits: cutsAtSpaces)
    setTextRules(addsSpace: addsSpace, cutsAtSpaces: cutsAtSpaces)
    try readSpecialTokens(limit: rows.count)
    if let unknown, unknown >= 0, unknown < rows.count { vocabulary.set(.unk, to: unknown) }
    vocabulary.addedTokens = table.sorted.filter { $0.id < rows.count }
  }

  /// Whether runs of spaces count as one. The reference converter asks `clean_up_tokenization_spaces` for fairseq's
  /// vocabularies, which says nothing about it.
  private mutating func collapsesSpaces(splits: Bool) -> Bool {
    let stated = files.configuration?["clean_up_tokenization_spaces"]?.bool ?? false
    guard rules.leadingPieces != nil, splits != stated else { return splits }
    guard departsFromReference else { return stated }
    departures.append(.collapsedSpaces)
    return splits
  }

  /// Sets how text is prepared for encoding, which T5's class of transformers decides by itself.
  mutating func setTextRules(addsSpace: Bool, cutsAtSpaces: Bool) {
    let splits = tokenizerClass?.splitsAtWhitespace ?? false
    vocabulary.cutsAtSpaces = splits || cutsAtSpaces
    vocabulary.spacePrefix = splits || addsSpace ? .everySegment : .never
  }

  /// The table of a `Precompiled` normalizer; empty if there is none.
  private static func replacementTable(_ normalizer: JSON?) -> [UInt8] {
    let steps = normalizer?["normalizers"]?.array ?? [normalizer].compactMap { $0 }
    let text = steps.lazy.compactMap { $0["precompiled_charsmap"]?.string }.first
    return text.flatMap(Base64.decode) ?? []
  }
}
