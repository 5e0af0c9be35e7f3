import Bytes
import Tensors

// A tokenizer.json with SentencePiece pieces has ranked merges in place of scores, and lists all added tokens. Its
// vocabulary is made like that of tokenizer.model: a row for each row of the embedding, the pieces, then the added tokens
// over them. The scores follow the merges, so that joining by score gives the same ids.

extension HuggingFaceVocabularyReader {
  mutating func readSentencePieceLike(_ tokenizer: JSON) throws(VocabularyError) {
    guard departsFromReference || !rules.referenceReadsPieceJSON else { return try readAsReference(tokenizer) }
    let file = "tokenizer.json"
    let ids = try sparseVocabulary(tokenizer["model"]?["vocab"], file: file)
    var table = addedTokenTable(vocabulary: ids)
    reportShifted(table, file: file)
    for text in isolatedPieces(tokenizer) where ids[ExactString(text)] != nil && !table.contains(text) {
      table.add(AddedToken(id: -1, text: text, options: .normalized))
    }
    var rows = try rows(of: tokenizer, ids: ids, added: table)
    for token in table.sorted {
      guard token.id < rows.count else {
        conflicts.append(.ignoredToken(text: token.text, id: token.id, file: file, vocabularySize: rows.count))
        continue
      }
      place(token.text, isSpecial: token.options.contains(.special), at: token.id, file: file, in: &rows)
    }
    for row in rows.rows { vocabulary.append(row.text, score: row.score, type: row.type) }
    vocabulary.addedTokens = table.sorted.filter { $0.id < rows.count }
    vocabulary.merges = try requiredMerges(tokenizer)
    scoreByMerges()
    vocabulary.spacePrefix = spacePrefix(tokenizer)
    vocabulary.ignoresMerges = tokenizerClass == nil && tokenizer["model"]?["ignore_merges"]?.bool ?? false
    if rules.spacePrefix == .model { vocabulary.addsSpacePrefix = vocabulary.spacePrefix != .never }
    try readSpecialTokens(limit: rows.count)
    replaceEndByChatEnd()
    reportUnusedSteps(tokenizer)
    if rules.referenceReadsPieceJSON { departures = departures(ids: ids, added: table) }
    restatesFrame = true
  }

  /// The pieces of a `vocab` object, a row for each row of the embedding.
  private mutating func rows(
    of tokenizer: JSON, ids: [ExactString: Int], added: AddedTokenTable
  ) throws(VocabularyError) -> Rows {
    let file = "tokenizer.json"
    let last = max(ids.values.max() ?? -1, added.sorted.last?.id ?? -1)
    var rows = Rows(count: statedSize ?? min(last, files.rowLimit) + 1)
    var model = SentencePieceModel()
    model.hasByteFallback = true
    let unknown = (tokenizer["model"]?["unk_token"]?.string ?? namedText(of: .unk)).map { ExactString($0) }
    var isTaken = [Bool](repeating: false, count: rows.count)
    for (text, id) in ids.sorted(by: { $0.value < $1.value }) {
      guard id < rows.count else {
        // An added token is reported by its own list.
        guard !added.contains(text.text) else { continue }
        conflicts.append(.ignoredToken(text: text.text, id: id, file: file, vocabularySize: rows.count))
        continue
      }
      guard !isTaken[id] else { throw .invalidID(file: file, token: text.text, id: id) }
      isTaken[id] = true
      let type: TokenType = text.text.isByteName ? .byte : text == unknown ? .unknown : .normal
      rows[id] = row(SentencePieceModel.Piece(text: Array(text.text.utf8), score: 0, type: type), of: model)
    }
    return rows
  }

  /// Gives the ordinary pieces the scores that follow the merges, and reports those for which there are none.
  private mutating func scoreByMerges() {
    let merged = MergeScores(vocabulary)
    for id in vocabulary.tokens.indices where vocabulary.types[id] == .normal {
      vocabulary.scores[id] = merged.scores[id]
    }
    guard let first = merged.unreachable.first else { return }
    conflicts.append(
      .unreachablePieces(
        count: merged.unreachable.count, first: vocabulary.tokens.text(first), file: "tokenizer.json"))
  }

  mutating func reportShifted(_ table: AddedTokenTable, file: String) {
    for entry in table.shifted {
      conflicts.append(
        .shiftedToken(text: entry.text, fileID: entry.fileID, effectiveID: entry.effectiveID, file: file))
    }
  }
}
