import Bytes
import Tensors

// What the reference converter (`LlamaHfVocab`) makes of a tokenizer.json with SentencePiece pieces: every token has the
// score -1000, no row is added to the tokenizer's own, a token is control if a file names it as special, byte if it
// reads <0xHH>, and user-defined only if it comes after the pieces.

extension HuggingFaceVocabularyReader {
  /// Reads SentencePiece pieces of `tokenizer.json` as the reference converter does.
  mutating func readAsReference(_ tokenizer: JSON) throws(VocabularyError) {
    let file = "tokenizer.json"
    let base = try modelVocabulary(tokenizer["model"]?["vocab"], file: file)
    let table = addedTokenTable(vocabulary: base.ids)
    let specials = referenceSpecials
    for (id, text) in base.texts.enumerated() {
      let type = Self.referenceType(text, id: id, pieceCount: base.texts.count, specials)
      vocabulary.append(text.utf8, score: Self.addedScore, type: type)
    }
    for token in table.sorted where token.id >= base.texts.count {
      let type = Self.referenceType(token.text, id: token.id, pieceCount: base.texts.count, specials)
      vocabulary.append(token.text.utf8, score: Self.addedScore, type: type)
    }
    reportShifted(table, file: file)
    vocabulary.merges = try requiredMerges(tokenizer)
    vocabulary.addedTokens = table.sorted
    vocabulary.spacePrefix = spacePrefix(tokenizer)
    vocabulary.ignoresMerges = tokenizer["model"]?["ignore_merges"]?.bool ?? false
    try readSpecialTokens(limit: vocabulary.count)
  }

  /// The points where the vocabulary that was read is not the reference converter's.
  func departures(ids: [ExactString: Int], added: AddedTokenTable) -> [VocabularyDeparture] {
    let specials = referenceSpecials
    let texts = ids.map { (id: $0.value, text: $0.key.text) } + added.sorted.map { (id: $0.id, text: $0.text) }
    let hasOtherTypes = texts.contains { id, text in
      guard vocabulary.tokens.indices.contains(id) else { return false }
      return vocabulary.types[id] != Self.referenceType(text, id: id, pieceCount: ids.count, specials)
        || !vocabulary.tokens[id].elementsEqual(text.utf8)
    }
    let tokenCount = ids.count + added.sorted.count { ids[ExactString($0.text)] == nil }
    var departures = [VocabularyDeparture.mergeScores]
    if hasOtherTypes { departures.append(.addedTokenTypes) }
    if vocabulary.count > tokenCount { departures.append(.paddedRows) }
    return departures
  }

  private var referenceSpecials: Set<ExactString> {
    let named = (namedTokens.map(\.value) + listedTokens).compactMap { $0.string ?? $0["content"]?.string }
    return Set(named.map { ExactString($0) })
  }

  private static func referenceType(
    _ text: String, id: Int, pieceCount: Int, _ specials: Set<ExactString>
  ) -> TokenType {
    if id < pieceCount, text.isByteName { return .byte }
    if specials.contains(ExactString(text)) { return .control }
    return id < pieceCount ? .normal : .userDefined
  }

  /// The texts of a `vocab` object in the order of their ids, which must have no gaps.
  private func modelVocabulary(
    _ vocab: JSON?, file: String
  ) throws(VocabularyError) -> (texts: [String], ids: [ExactString: Int]) {
    let ids = try sparseVocabulary(vocab, file: file)
    var texts = [String?](repeating: nil, count: ids.count)
    for (text, id) in ids {
      guard texts.indices.contains(id), texts[id] == nil else {
        throw .invalidID(file: file, token: text.text, id: id)
      }
      texts[id] = text.text
    }
    var complete: [String] = []
    complete.reserveCapacity(texts.count)
    for (id, text) in texts.enumerated() {
      guard let text else { throw .missingToken(file: file, id: id) }
      complete.append(text)
    }
    return (complete, ids)
  }
}
