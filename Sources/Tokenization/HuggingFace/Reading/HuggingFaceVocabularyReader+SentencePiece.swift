import Bytes
import Tensors

// The vocabulary of tokenizer.model has a row for each row of the embedding:
//
//   1. every row begins as [PADn], unused, score -10000;
//   2. the pieces of tokenizer.model, with their scores (a user-defined piece counts as normal);
//   3. added_tokens.json: user-defined, score -1000;
//   4. added_tokens_decoder of tokenizer_config.json, replacing earlier rows: control if special or if it looks special,
//      else user-defined with `▁` written as a space; score -1000. Without it, the added tokens of tokenizer.json that
//      have no row yet, by the same rule: a departure from the reference converter, which leaves these rows unused.
//
// Tokens without a row are dropped and reported. With the rule `every_file` the tokens of step 4 are unchanged and are
// control only if a file says so, and the added tokens of tokenizer.json follow by the same rule.

extension HuggingFaceVocabularyReader {
  static let paddingScore: Float = -10000
  static let addedScore: Float = -1000

  mutating func readSentencePiece(_ model: SentencePieceModel) throws(VocabularyError) {
    let rows = try pieceRows(model)
    for row in rows.rows { vocabulary.append(row.text, score: row.score, type: row.type) }
    if let tokenizer = files.tokenizer, PieceForm(tokenizer) == .sentencePiece {
      // Transformers encodes by tokenizer.json when both are there.
      vocabulary.spacePrefix = spacePrefix(tokenizer)
      vocabulary.merges = try merges(tokenizer)
    } else {
      let addsSpace = files.configuration?["add_prefix_space"]?.bool ?? model.addsSpacePrefix
      let isLegacy = files.configuration?["legacy"]?.bool ?? false
      vocabulary.spacePrefix = !addsSpace ? .never : isLegacy ? .everySegment : .first
      // SentencePiece keeps a space that the text begins with, and puts its own before it; transformers does not.
      if files.configuration == nil, files.tokenizer == nil {
        vocabulary.reader = .sentencePiece
        if addsSpace { vocabulary.spacePrefix = .firstAlways }
      }
    }
    if rules.spacePrefix == .model { vocabulary.addsSpacePrefix = model.addsSpacePrefix }
    try readSpecialTokens(limit: rows.count)
    replaceEndByChatEnd()
    vocabulary.addedTokens = sentencePieceAddedTokens(model)
  }

  /// The pieces of `model` with the added tokens of the other files over them, a row for each row of the embedding.
  mutating func pieceRows(_ model: SentencePieceModel) throws(VocabularyError) -> Rows {
    // Zero rows mean that nobody knows: then the pieces decide.
    let size = vocabularySize > 0 ? vocabularySize : model.pieces.count
    var rows = Rows(count: size)
    for (id, piece) in model.pieces.enumerated() {
      guard id < size else {
        conflicts.append(
          .ignoredToken(
            text: String(decoding: piece.text, as: UTF8.self), id: id, file: "tokenizer.model", vocabularySize: size))
        continue
      }
      rows[id] = row(piece, of: model)
    }
    try readAddedTokens(into: &rows)
    guard rules.addedTokens != .file else { return rows }
    try readAddedTokensDecoder(into: &rows)
    let isListed = files.configuration?["added_tokens_decoder"] != nil
    if rules.addedTokens == .everyFile || (!isListed && departsFromReference) { try readListedTokens(into: &rows) }
    return rows
  }

  func row(_ piece: SentencePieceModel.Piece, of model: SentencePieceModel) -> Row {
    var row = Row(text: piece.text, score: piece.score, type: piece.type == .userDefined ? .normal : piece.type)
    // SentencePiece itself takes NUL for a row without a token where there is a token for its byte.
    if piece.text == [0], model.hasByteFallback { row.type = .unused }
    if let substitute = rules.substitutes.first(where: { piece.text.elementsEqual($0.piece.utf8) }) {
      row.text = Array(substitute.text.utf8)
    }
    if let prefix = rules.unusedPrefix, piece.text.starts(with: prefix.utf8) { row.type = .unused }
    return row
  }

  /// Makes the token that ends a turn the EOS token, if the files have it.
  mutating func replaceEndByChatEnd() {
    guard let chatEnd = rules.chatEnd else { return }
    let decoder = files.configuration?["added_tokens_decoder"]?.object ?? [:]
    var ids = decoder.compactMap { key, value in value["content"]?.string == chatEnd ? Int(key.text) : nil }
    ids += (files.tokenizer?["added_tokens"]?.array ?? []).compactMap { entry in
      entry["content"]?.string == chatEnd ? entry["id"]?.integer : nil
    }
    guard let id = ids.last, let index = vocabulary.specialTokens.firstIndex(where: { $0.role == .eos }) else { return }
    vocabulary.specialTokens[index].id = id
    deciders[.eos] = "tokenizer_config.json"
  }

  private mutating func readAddedTokens(into rows: inout Rows) throws(VocabularyError) {
    let file = "added_tokens.json"
    for (text, value) in files.addedTokens?.object ?? [:] {
      guard let id = value.integer else {
        throw .invalidMember(file: file, member: text.text, expected: "the id of the token")
      }
      guard try hasRow(id, text.text, file: file, rows) else { continue }
      rows[id] = Row(text: Array(text.text.utf8), score: Self.addedScore, type: .userDefined)
    }
  }

  private mutating func readAddedTokensDecoder(into rows: inout Rows) throws(VocabularyError) {
    let file = "tokenizer_config.json"
    for (key, value) in files.configuration?["added_tokens_decoder"]?.object ?? [:] {
      guard let id = Int(key.text), let text = value["content"]?.string else {
        throw .invalidMember(file: file, member: "added_tokens_decoder", expected: "ids with the text of each token")
      }
      guard try hasRow(id, text, file: file, rows) else { continue }
      place(text, isSpecial: value["special"]?.isTruthy ?? false, at: id, file: file, in: &rows)
    }
  }

  private mutating func readListedTokens(into rows: inout Rows) throws(VocabularyError) {
    let file = "tokenizer.json"
    for entry in files.tokenizer?["added_tokens"]?.array ?? [] {
      guard let id = entry["id"]?.integer, let text = entry["content"]?.string else {
        throw .invalidMember(file: file, member: "added_tokens", expected: "tokens with id and content")
      }
      guard try hasRow(id, text, file: file, rows) else { continue }
      if rules.addedTokens != .everyFile {
        guard rows[id].type == .unused else { continue }
        if departures.isEmpty { departures.append(.addedTokenTypes) }
      }
      place(text, isSpecial: entry["special"]?.isTruthy ?? false, at: id, file: file, in: &rows)
    }
  }

  /// Whether there is a row for the token `text` of `file`; a token beyond the rows is a conflict.
  private mutating func hasRow(
    _ id: Int, _ text: String, file: String, _ rows: Rows
  ) throws(VocabularyError) -> Bool {
    guard id >= 0 else { throw .invalidID(file: file, token: text, id: id) }
    if id < rows.count { return true }
    conflicts.append(.ignoredToken(text: text, id: id, file: file, vocabularySize: rows.count))
    return false
  }

  /// Replaces the row `id` by an added token.
  mutating func place(_ text: String, isSpecial: Bool, at id: Int, file: String, in rows: inout Rows) {
    let old = rows[id]
    if old.type != .unused, !old.text.elementsEqual(text.utf8) {
      conflicts.append(
        .replacedToken(
          id: id, old: String(decoding: old.text, as: UTF8.self), oldFile: "tokenizer.model", new: text, newFile: file))
    }
    let takesTextAsItIs = rules.addedTokens == .everyFile
    let isControl = isSpecial || (!takesTextAsItIs && text.looksSpecial)
    let written = isControl || takesTextAsItIs ? text : text.replacing(scalar: "\u{2581}", with: " ")
    rows[id] = Row(text: Array(written.utf8), score: Self.addedScore, type: isControl ? .control : .userDefined)
  }

  /// One token of a vocabulary being made.
  struct Row {
    var text: [UInt8]
    var score: Float
    var type: TokenType
  }

  /// A row for each row of the embedding.
  struct Rows {
    private(set) var rows: [Row]

    init(count: Int) {
      rows = (0..<max(0, count)).map {
        Row(text: Array("[PAD\($0)]".utf8), score: HuggingFaceVocabularyReader.paddingScore, type: .unused)
      }
    }

    var count: Int { rows.count }

    /// The row `id`; the caller has compared it with the count.
    subscript(_ id: Int) -> Row {
      get { rows[id] }
      set { rows[id] = newValue }
    }
  }
}

extension String {
  /// Whether an added token that no file calls special steers the model all the same: `<pad>`, `<|…|>`, `<｜…｜>`, ….
  var looksSpecial: Bool {
    let bytes = utf8
    func isBetween(_ start: String, _ end: String) -> Bool {
      bytes.starts(with: start.utf8) && bytes.reversed().starts(with: end.utf8.reversed())
    }
    let known = ["<pad>", "<mask>", "<2mass>", "[@BOS@]"]
    return known.contains { $0.utf8.elementsEqual(bytes) } || isBetween("<|", "|>")
      || isBetween("<\u{FF5C}", "\u{FF5C}>") || isBetween("<unused", ">")
  }

  /// The text with one scalar exchanged for another.
  func replacing(scalar old: Unicode.Scalar, with new: Unicode.Scalar) -> String {
    var text = String.UnicodeScalarView()
    for scalar in unicodeScalars { text.append(scalar == old ? new : scalar) }
    return String(text)
  }
}
