import Tensors

// Two ways to join the symbols of a text, at first its characters, into pieces:
//
//   by rank    only the listed pairs join; the lowest rank first, of equal ranks the leftmost   (tokenizers)
//   by score   any two symbols join that spell a piece; the highest score first, then the leftmost   (sentencepiece, llama.cpp)
//
// Suppose merging the text of a piece by rank, on its own, ends in that piece. Wherever two symbols spell the piece, no
// merge has crossed its ends, so the symbols inside are a state of merging it on its own, and the one before its last.
// They are the pair of that last merge, so one score for the piece has the place of that merge's rank. If all pieces
// are such, both ways give the same ids.
//
// Any other piece never appears by rank. By score it does if merging its text ends in two symbols, in no other case.

/// The scores under which joining by score follows the ranks of merges.
struct MergeScores {
  /// A score for each id: 0, -1, … in the order in which merges make the pieces, then all others in the order of ids.
  private(set) var scores: [Float]
  /// The pieces that joining by score makes, but the merges do not.
  private(set) var unreachable: [Int] = []

  /// Ranks the ordinary pieces of `vocabulary` by its merges; bytes, added and unused tokens keep the score 0.
  ///
  /// - Complexity: O(n log n) for n bytes of pieces.
  init(_ vocabulary: Vocabulary) {
    scores = [Float](repeating: 0, count: vocabulary.count)
    let table = MergeTable(vocabulary.rankedMerges(ids: vocabulary.idsByText()))
    let characters = Self.characters(of: vocabulary)
    let added = Set(vocabulary.addedTokens.map(\.id))
    var made: [(id: Int, rank: UInt32)] = []
    var others: [Int] = []
    var symbols: [UInt32] = []
    for (id, piece) in vocabulary.tokens.enumerated() where vocabulary.types[id] == .normal && !added.contains(id) {
      Self.split(piece, characters, into: &symbols)
      let isCharacter = symbols.count == 1
      if !isCharacter, let rank = table.merge(&symbols), symbols == [UInt32(truncatingIfNeeded: id)] {
        made.append((id, rank))
      } else {
        others.append(id)
        if !isCharacter, symbols.count == 2 { unreachable.append(id) }
      }
    }
    made.sort { $0.rank < $1.rank }
    for (index, id) in (made.map(\.id) + others).enumerated() { scores[id] = -Float(index) }
  }

  /// The id of each token of one character, by the bytes of that character.
  private static func characters(of vocabulary: Vocabulary) -> [UInt32: UInt32] {
    var characters: [UInt32: UInt32] = [:]
    for (id, piece) in vocabulary.tokens.enumerated() where vocabulary.types[id] != .unused {
      guard let first = piece.first, SentencePieceText.scalarByteCount(first) == piece.count else { continue }
      characters[packed(piece)] = UInt32(truncatingIfNeeded: id)
    }
    return characters
  }

  /// Up to four bytes as one number.
  private static func packed(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }

  /// The ids of the characters of `piece`; a character without a token is `UInt32.max`, which no merge has.
  private static func split(_ piece: ArraySlice<UInt8>, _ ids: [UInt32: UInt32], into symbols: inout [UInt32]) {
    symbols.removeAll(keepingCapacity: true)
    var start = piece.startIndex
    while start < piece.endIndex {
      let end = min(start + SentencePieceText.scalarByteCount(piece[start]), piece.endIndex)
      symbols.append(ids[packed(piece[start..<end])] ?? .max)
      start = end
    }
  }
}
