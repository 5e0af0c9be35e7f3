import Bytes
import Tensors

// A byte-level vocabulary has a row for each row of the embedding; rows without a token are [PADn], unused. An added
// token that is matched in raw text is stored decoded. It is control if special or if it looks special, else
// user-defined with `▁` written as a space.

extension HuggingFaceVocabularyReader {
  mutating func readByteLevel(_ tokenizer: JSON) throws(VocabularyError) {
    let file = "tokenizer.json"
    let name = if let preTokenizer { preTokenizer } else { try structuralName(of: tokenizer) }
    vocabulary = Vocabulary(kind: .byteLevel, preTokenizer: name)
    let composesText = PreTokenizer.composes(tokenizer["normalizer"])
    vocabulary.composes = tokenizerClass?.composes ?? composesText
    if PreTokenizer.addsSpace(tokenizer["pre_tokenizer"]) { vocabulary.spacePrefix = .everySegment }
    let ids = try sparseVocabulary(tokenizer["model"]?["vocab"], file: file)
    let table = addedTokenTable(vocabulary: ids)
    reportShifted(table, file: file)
    try fillRows(ids: ids, table: table)
    vocabulary.merges = try requiredMerges(tokenizer)
    vocabulary.ignoresMerges = tokenizer["model"]?["ignore_merges"]?.bool ?? false
    vocabulary.joinsByID = files.rankedFamily?.isReadByTiktoken ?? false
    if files.rankedFamily == .tekken { frameAsTekken() } else { try readSpecialTokens(limit: nil) }
  }

  mutating func readByteLevel(vocabulary json: JSON, merges bytes: [UInt8]) throws(VocabularyError) {
    let stated = preTokenizer ?? rules.preTokenizers.first ?? tokenizerClass?.preTokenizer
    isPreTokenizerAssumed = stated == nil
    let name = stated ?? PreTokenizer.known[0].name
    vocabulary = Vocabulary(kind: .byteLevel, preTokenizer: name)
    vocabulary.composes =
      tokenizerClass?.composes ?? PreTokenizer.named(vocabulary.preTokenizer)?.composes ?? false
    let ids = try sparseVocabulary(json, file: "vocab.json")
    try fillRows(ids: ids, table: addedTokenTable(vocabulary: ids))
    vocabulary.merges = Self.mergeLines(bytes)
    guard !vocabulary.merges.isEmpty || !vocabulary.needsMerges else {
      throw .missingMerges(file: "merges.txt", tokenCount: vocabulary.count)
    }
    try readSpecialTokens(limit: nil)
    // No file states what a class with a template of its own adds.
    restatesFrame = tokenizerClass?.template != nil
  }

  /// Makes the rows of a vocabulary without scores.
  mutating func fillRows(ids: [ExactString: Int], table: AddedTokenTable) throws(VocabularyError) {
    let beyond = ids.map { ($0.value, $0.key.text) } + table.sorted.map { ($0.id, $0.text) }
    if let (id, text) = beyond.filter({ $0.0 >= vocabularySize }).min(by: { $0.0 < $1.0 }) {
      throw .idBeyondVocabulary(token: text, id: id, vocabularySize: vocabularySize)
    }
    var texts = [String?](repeating: nil, count: max(0, vocabularySize))
    for (text, id) in ids { texts[id] = text.text }
    for (id, text) in texts.enumerated() {
      if let added = table.tokens[id] {
        let isDecoded = !added.options.contains(.normalized) && vocabulary.kind == .byteLevel
        var written = isDecoded ? ByteLevel.decodedToken(added.text) : added.text
        let isControl = added.options.contains(.special) || written.looksSpecial
        if !isControl { written = written.replacing(scalar: "\u{2581}", with: " ") }
        vocabulary.append(written.utf8, type: isControl ? .control : .userDefined)
      } else if let text {
        vocabulary.append(text.utf8, type: .normal)
      } else {
        vocabulary.append("[PAD\(id)]".utf8, type: .unused)
      }
    }
    vocabulary.addedTokens = table.sorted
  }

  /// The texts and ids of a `vocab` object, whose ids may have gaps.
  func sparseVocabulary(_ vocab: JSON?, file: String) throws(VocabularyError) -> [ExactString: Int] {
    guard let members = vocab?.object else {
      throw .invalidMember(file: file, member: "vocab", expected: "an object of strings and ids")
    }
    var ids: [ExactString: Int] = [:]
    ids.reserveCapacity(members.count)
    for (text, value) in members {
      guard let id = value.integer, id >= 0 else {
        throw .invalidMember(file: file, member: text.text, expected: "the id of the token")
      }
      ids[text] = id
    }
    return ids
  }

  /// The pairs of `merges.txt`: a line each, after an optional first line that begins with `#`.
  private static func mergeLines(_ bytes: [UInt8]) -> PackedStrings {
    var packed = PackedStrings()
    for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      if index == 0, line.first == UInt8(ascii: "#") { continue }
      let parts = line.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
      guard parts.count == 2 else { continue }
      packed.append(parts[0] + [0x20] + parts[1])
    }
    return packed
  }
}
