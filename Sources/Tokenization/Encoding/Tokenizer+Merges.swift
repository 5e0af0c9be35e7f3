import Tensors

extension Tokenizer {
  /// The pairs that a vocabulary lists, ranked by their order; pairs of texts that are no tokens are left out.
  static func listedMerges(_ vocabulary: Vocabulary, ids: [ByteString: Int]) -> MergeTable {
    var table = MergeTable(capacity: vocabulary.merges.count)
    for pair in vocabulary.merges {
      guard let space = pair.dropFirst().firstIndex(of: 0x20) else { continue }
      let left = pair[..<space], right = pair[(space + 1)...]
      guard let leftID = ids[ByteString(left)], let rightID = ids[ByteString(right)],
        let result = ids[ByteString(left + right)]
      else { continue }
      table.add(leftID, rightID, result: result)
    }
    return table
  }

  /// The pairs of a SentencePiece vocabulary: those it lists, or else every way to cut a piece into two pieces.
  ///
  /// Pieces of higher score come first, then those of lower id (vocabularies without scores are in merge order), then
  /// cuts with the shorter left part, as transformers ranks them.
  static func sentencePieceMerges(
    _ vocabulary: Vocabulary, ids: [ByteString: Int], added: Set<Int>
  ) -> MergeTable {
    if !vocabulary.merges.isEmpty { return listedMerges(vocabulary, ids: ids) }
    let pieces = vocabulary.tokens.indices.filter { vocabulary.types[$0] == .normal && !added.contains($0) }
    let hasScores = vocabulary.scores.count == vocabulary.count
    let ordered = pieces.sorted { first, second in
      let (one, other) = hasScores ? (vocabulary.scores[first], vocabulary.scores[second]) : (0, 0)
      return one == other || one.isNaN || other.isNaN ? first < second : one > other
    }
    var table = MergeTable(capacity: pieces.count)
    for id in ordered {
      let piece = vocabulary.tokens[id]
      for cut in piece.indices.dropFirst() where piece[cut] & 0xC0 != 0x80 {
        guard let left = ids[ByteString(piece[..<cut])], let right = ids[ByteString(piece[cut...])],
          vocabulary.types[left] == .normal, vocabulary.types[right] == .normal
        else { continue }
        table.add(left, right, result: id)
      }
    }
    return table
  }
}
