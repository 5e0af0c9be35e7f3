import Bytes
import Tensors

extension HuggingFaceVocabularyReader {
  /// The merges of `tokenizer.json`, without which no text comes to a piece of several characters.
  func requiredMerges(_ tokenizer: JSON) throws(VocabularyError) -> PackedStrings {
    let merges = try merges(tokenizer)
    guard !merges.isEmpty || !vocabulary.needsMerges else {
      throw .missingMerges(file: "tokenizer.json", tokenCount: vocabulary.count)
    }
    return merges
  }

  /// The pairs of a `merges` array, as `left right`; a space inside a part becomes `Ġ`.
  func merges(_ tokenizer: JSON) throws(VocabularyError) -> PackedStrings {
    let listed = tokenizer["model"]?["merges"]
    let splitsAtSpaces = splitsAtSpaces(tokenizer)
    var packed = PackedStrings()
    for entry in listed?.array ?? [] {
      let merge: String
      if let text = entry.string {
        merge = text
      } else if let pair = entry.array, pair.count == 2, let left = pair[0].string, let right = pair[1].string {
        let parts = [left, right].map { $0.replacing(scalar: " ", with: "\u{120}") }
        merge = "\(parts[0]) \(parts[1])"
      } else {
        throw .invalidMember(file: "tokenizer.json", member: "merges", expected: "pairs of texts")
      }
      // Where text is split before every space, no symbol that begins with one has another before it.
      let right = merge.utf8.drop { $0 != 0x20 }.dropFirst()
      guard !splitsAtSpaces || !right.starts(with: SentencePieceText.space) else { continue }
      packed.append(merge.utf8)
    }
    return packed
  }
}

extension Vocabulary {
  /// Whether a piece of several characters has no other way to come about than merges.
  var needsMerges: Bool {
    let added = Set(addedTokens.map(\.id))
    return tokens.indices.contains { id in
      guard types[id] == .normal, !added.contains(id), let first = tokens[id].first else { return false }
      return tokens[id].count > SentencePieceText.scalarByteCount(first)
    }
  }
}
