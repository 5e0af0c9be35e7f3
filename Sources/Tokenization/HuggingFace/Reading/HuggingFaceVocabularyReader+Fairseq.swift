import Bytes
import Tensors

// fairseq numbers the pieces of its SentencePiece models itself: some tokens come first, in place of the model's own ones.
// The vocabulary has a row for each row of the embedding. Rows after the pieces have no token: the reference converter shifts
// the whole list, so the text of each has the number of the row before it.

extension HuggingFaceVocabularyReader {
  /// Reads `sentencepiece.bpe.model`, whose first pieces are others in the vocabulary.
  mutating func readUnigram(
    _ model: SentencePieceModel, _ leading: VocabularyRules.LeadingPieces
  ) throws(VocabularyError) {
    vocabulary = Vocabulary(kind: .unigram)
    let own = model.pieces.dropFirst(leading.replacedCount)
    let shift = leading.pieces.count - leading.replacedCount
    var rows = Rows(count: statedSize ?? leading.pieces.count + own.count + 1)
    for id in 0..<rows.count { rows[id].text = Array("[PAD\(id - shift)]".utf8) }
    let unknown = namedText(of: .unk) ?? "<unk>"
    let first = leading.pieces.map { piece in
      let isUnknown = piece.text.utf8.elementsEqual(unknown.utf8)
      let type: TokenType = isUnknown ? .unknown : piece.score == nil ? .control : .normal
      return Row(text: Array(piece.text.utf8), score: piece.score ?? 0, type: type)
    }
    let pieces = first + own.map { Row(text: $0.text, score: $0.score, type: $0.type) }
    for (id, row) in pieces.enumerated() {
      guard id < rows.count else {
        conflicts.append(
          .ignoredToken(
            text: String(decoding: row.text, as: UTF8.self), id: id, file: "sentencepiece.bpe.model",
            vocabularySize: rows.count))
        continue
      }
      rows[id] = row
    }
    if let last = leading.last, pieces.count < rows.count {
      rows[pieces.count] = Row(text: Array(last.utf8), score: 0, type: .control)
    }
    for row in rows.rows { vocabulary.append(row.text, score: row.score, type: row.type) }
    vocabulary.addsSpacePrefix = model.addsSpacePrefix
    vocabulary.removesExtraSpaces = model.removesExtraSpaces
    vocabulary.normalizationTable = model.normalizationTable
    setTextRules(addsSpace: model.addsSpacePrefix, cutsAtSpaces: model.removesExtraSpaces)
    try readSpecialTokens(limit: rows.count)
    vocabulary.addedTokens = fairseqAddedTokens(pieceCount: pieces.count)
  }

  /// The added tokens, of which the mask is the one after all pieces.
  private func fairseqAddedTokens(pieceCount: Int) -> [AddedToken] {
    var ids: [ExactString: Int] = [:]
    for (id, text) in vocabulary.tokens.enumerated() where vocabulary.types[id] != .unused {
      let text = ExactString(String(decoding: text, as: UTF8.self))
      if ids[text] == nil { ids[text] = id }
    }
    if let mask = namedText(of: .mask) { ids[ExactString(mask)] = pieceCount }
    return addedTokenTable(vocabulary: ids).sorted.filter { $0.id < vocabulary.count }
  }
}
