import Tensors

extension Vocabulary {
  /// Two tokens that merge, and the token they become.
  struct Merge {
    let left: Int
    let right: Int
    let result: Int
  }

  /// Longer pieces are not split into pairs, which takes time quadratic in their length; real ones have under 100
  /// bytes.
  static let cutPieceByteLimit = 1024

  /// The merges in the order of their ranks.
  ///
  /// - Parameter ids: the id of each token text.
  func rankedMerges(ids: [ByteString: Int]) -> [Merge] {
    switch kind {
    case .wordPiece, .unigram: []
    case .byteLevel where joinsByID: joinedTokens(ids)
    case .byteLevel, .mergedPieces: listedMerges(ids)
    case .sentencePiece: merges.isEmpty ? derivedMerges(ids) : listedMerges(ids)
    }
  }

  /// The listed merges; those with a text that is not a token are skipped.
  private func listedMerges(_ ids: [ByteString: Int]) -> [Merge] {
    merges.compactMap { pair in
      guard let space = pair.dropFirst().firstIndex(of: 0x20) else { return nil }
      let left = pair[..<space], right = pair[(space + 1)...]
      guard let leftID = ids[ByteString(left)], let rightID = ids[ByteString(right)],
        let result = ids[ByteString(left + right)]
      else { return nil }
      return Merge(left: leftID, right: rightID, result: result)
    }
  }

  /// Every way to split a token into two, in the order of ids.
  private func joinedTokens(_ ids: [ByteString: Int]) -> [Merge] {
    let added = Set(addedTokens.map(\.id))
    var merges: [Merge] = []
    for id in tokens.indices
    where types[id] == .normal && !added.contains(id) && tokens[id].count <= 2 * Self.cutPieceByteLimit {
      let token = tokens[id]
      for cut in token.indices.dropFirst() where token[cut] & 0xC0 != 0x80 {
        guard let left = ids[ByteString(token[..<cut])], let right = ids[ByteString(token[cut...])],
          types[left] == .normal, types[right] == .normal
        else { continue }
        merges.append(Merge(left: left, right: right, result: id))
      }
    }
    return merges
  }

  /// Every way to split a SentencePiece piece into two pieces, in transformers' order.
  ///
  /// User-defined runs of spaces come first, because SentencePiece gives them the score 0, above all others. Then come
  /// pieces of higher score, then those of lower id (vocabularies without scores are in merge order), then pairs with
  /// the shorter left piece.
  private func derivedMerges(_ ids: [ByteString: Int]) -> [Merge] {
    let added = Set(addedTokens.map(\.id))
    let runs = tokens.indices.filter(isSpaceRun)
    let pieces = tokens.indices.filter { id in
      types[id] == .normal && !added.contains(id) && tokens[id].count <= Self.cutPieceByteLimit
    }
    let hasScores = scores.count == count
    let ordered = pieces.sorted { first, second in
      let (one, other) = hasScores ? (scores[first], scores[second]) : (0, 0)
      return one == other || one.isNaN || other.isNaN ? first < second : one > other
    }
    var merges: [Merge] = []
    func isJoinable(_ id: Int) -> Bool { types[id] == .normal || isSpaceRun(id) }
    for id in runs + ordered {
      let piece = ArraySlice(pieceBytes(id))
      for cut in piece.indices.dropFirst() where piece[cut] & 0xC0 != 0x80 {
        guard let left = ids[ByteString(piece[..<cut])], let right = ids[ByteString(piece[cut...])],
          isJoinable(left), isJoinable(right)
        else { continue }
        merges.append(Merge(left: left, right: right, result: id))
      }
    }
    return merges
  }

  /// Whether token `id` is a user-defined run of spaces, which metadata writes as spaces instead of `▁`.
  func isSpaceRun(_ id: Int) -> Bool {
    kind == .sentencePiece && types[id] == .userDefined && tokens[id].count > 1
      && tokens[id].allSatisfy { $0 == 0x20 }
  }

  /// The bytes of token `id` as a SentencePiece model writes them.
  func pieceBytes(_ id: Int) -> [UInt8] {
    guard isSpaceRun(id) else { return Array(tokens[id]) }
    return [[UInt8]](repeating: SentencePieceText.space, count: tokens[id].count).flatMap(\.self)
  }

  /// The text of token `id` as a SentencePiece model writes it.
  func pieceText(_ id: Int) -> String { String(decoding: pieceBytes(id), as: UTF8.self) }

  /// The id of each token text; if a text occurs twice, the last ordinary token.
  func idsByText() -> [ByteString: Int] {
    var ids: [ByteString: Int] = [:]
    ids.reserveCapacity(count)
    let added = Set(addedTokens.map(\.id))
    for (id, text) in tokens.enumerated() where types[id] != .unused {
      let key = isSpaceRun(id) ? ByteString(pieceBytes(id)) : ByteString(text)
      if ids[key] == nil || !added.contains(id) { ids[key] = id }
    }
    return ids
  }
}

extension MergeTable {
  /// The table of `merges`, ranked by their order, or by the ids of their results.
  init(_ merges: [Vocabulary.Merge], rankedByResult: Bool = false) {
    self.init(capacity: merges.count)
    for merge in merges {
      add(merge.left, merge.right, result: merge.result, rank: rankedByResult ? merge.result : nil)
    }
  }
}
