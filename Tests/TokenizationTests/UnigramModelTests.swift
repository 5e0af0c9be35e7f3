import Tensors
import Testing

@testable import Tokenization

@Suite("A unigram model")
struct UnigramModelTests {
  private func parts(_ text: String, _ pieces: [(String, Float)], unused: String? = nil) -> [String] {
    var vocabulary = Vocabulary(kind: .unigram)
    for (piece, score) in pieces {
      vocabulary.append(Array(piece.utf8), score: score, type: piece == unused ? .unused : .normal)
    }
    let bytes = Array(text.utf8)
    return UnigramModel(vocabulary).parts(of: bytes).map { part in
      let text = String(decoding: bytes[part.range], as: UTF8.self)
      return part.id.map { pieces[$0].0 == text ? text : "wrong \($0)" } ?? "?\(text)"
    }
  }

  @Test("cuts a text into the pieces with the greatest sum of scores")
  func greatestSum() {
    #expect(parts("ab", [("a", -1), ("b", -1), ("ab", -1.5)]) == ["ab"])
    #expect(parts("ab", [("a", -1), ("b", -1), ("ab", -2.5)]) == ["a", "b"])
    #expect(parts("abc", [("a", -1), ("b", -1), ("c", -1), ("ab", -3), ("bc", -1.5)]) == ["a", "bc"])
    #expect(parts("", [("a", -1)]) == [])
  }

  @Test("takes the cut that it found first among equal sums")
  func equalSums() {
    #expect(parts("ab", [("a", -1), ("b", -1), ("ab", -2)]) == ["ab"])
  }

  @Test("joins neighboring scalars without pieces to one part")
  func withoutPieces() {
    #expect(parts("axyb", [("a", -1), ("b", -1)]) == ["a", "?xy", "b"])
    #expect(parts("é中a", [("a", -1)]) == ["?é中", "a"])
  }

  @Test("prefers pieces to the scalars inside them that are not pieces")
  func penalty() {
    #expect(parts("xa", [("a", -1), ("xa", -30)]) == ["xa"])
    #expect(parts("xa", [("a", -1), ("xa", -11)]) == ["xa"])
  }

  @Test("ignores unused pieces")
  func unused() {
    #expect(parts("ab", [("a", -1), ("b", -1), ("ab", 0)], unused: "ab") == ["a", "b"])
  }
}
