import Tensors

/// Pieces with scores, and the most probable segmentation of text into them (Viterbi's algorithm).
///
/// The score of a segmentation is the sum of its pieces' scores, in double precision; of equal sums the first one found
/// wins, with shorter pieces tried before longer ones. A scalar that is not a piece has a score `unknownPenalty` below
/// the minimum.
struct UnigramModel: Sendable {
  /// The penalty of a scalar without a piece, below the minimum score (`kUnkPenalty` of SentencePiece).
  static let unknownPenalty = 10.0

  /// The ids of the pieces.
  private var pieces = ByteTrie()
  private let scores: [Float]
  private let unknownScore: Double

  /// Indexes the pieces.
  ///
  /// llama.cpp matches normal, user-defined and unused tokens, takes the scores of user-defined ones for 0, and the
  /// minimum of normal ones. The other readers match every token that is not unused.
  init(_ vocabulary: Vocabulary) {
    var scores = vocabulary.scores
    var least = Float.infinity
    let isLlamaCpp = vocabulary.reader == .llamaCpp
    for (id, piece) in vocabulary.tokens.enumerated() {
      let type = vocabulary.types[id]
      if isLlamaCpp {
        if type == .normal { least = min(least, scores[id]) }
        guard type == .normal || type == .userDefined || type == .unused else { continue }
        if type == .userDefined { scores[id] = 0 }
      } else {
        guard type != .unused else { continue }
        least = min(least, scores[id])
      }
      if !piece.isEmpty { pieces.insert(piece, id) }
    }
    self.scores = scores
    let minimum = least.isFinite ? least : 0
    unknownScore =
      isLlamaCpp ? Double(minimum - Float(Self.unknownPenalty)) : Double(minimum) - Self.unknownPenalty
  }

  /// A segment; the id is nil for text without pieces.
  struct Part {
    let range: Range<Int>
    let id: Int?
  }

  /// The best segmentation of `text`, from left to right; adjacent scalars without pieces are one segment.
  ///
  /// - Complexity: O(bytes of text × bytes of the longest piece).
  func parts(of text: [UInt8]) -> [Part] {
    struct Best {
      var start = -1
      var id: Int32 = -1
      var score = 0.0
    }
    var best = [Best](repeating: Best(), count: text.count + 1)
    var start = 0
    while start < text.count {
      let scalarEnd = min(start + SentencePieceText.scalarByteCount(text[start]), text.count)
      let base = best[start].score
      var hasScalar = false
      pieces.forEachMatch(in: text, from: start, to: text.count) { id, end in
        let score = base + Double(scores[id])
        if best[end].start < 0 || score > best[end].score {
          best[end] = Best(start: start, id: Int32(truncatingIfNeeded: id), score: score)
        }
        if end == scalarEnd { hasScalar = true }
      }
      if !hasScalar {
        let score = base + unknownScore
        if best[scalarEnd].start < 0 || score > best[scalarEnd].score {
          best[scalarEnd] = Best(start: start, id: -1, score: score)
        }
      }
      start = scalarEnd
    }
    var parts: [Part] = []
    var end = text.count
    while end > 0 {
      let step = best[end]
      // A segmentation always exists: each scalar is reached from the one before.
      guard step.start >= 0, step.start < end else { return [Part(range: 0..<text.count, id: nil)] }
      if step.id < 0, let last = parts.last, last.id == nil {
        parts[parts.count - 1] = Part(range: step.start..<last.range.upperBound, id: nil)
      } else {
        parts.append(Part(range: step.start..<end, id: step.id < 0 ? nil : Int(step.id)))
      }
      end = step.start
    }
    return parts.reversed()
  }
}
