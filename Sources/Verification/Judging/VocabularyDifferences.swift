import Bytes
import Models
import Tokenization

/// The differences between the vocabularies of two models, as findings; none where a model has no vocabulary.
enum VocabularyDifferences {
  /// A difference, and whether a correct conversion cannot make it: other tokens, another BOS.
  ///
  /// A fact of one side only is not a fault: the other container cannot store it, or leaves it to the reader.
  private struct Difference {
    let fact: String
    let isFault: Bool
  }

  /// Compares sizes, tokens, scores and merges (up to the first difference), special tokens, and which of them encoding
  /// adds.
  ///
  /// - Parameter severity: of faults; other differences are warnings.
  static func findings(
    _ one: Vocabulary, _ other: Vocabulary, check: String, severity: Finding.Severity
  ) -> [Finding] {
    return (tokens(one, other) + rules(one, other) + specialTokens(one, other)).map {
      Finding($0.isFault ? severity : .warning, check, .tokenizer, $0.fact)
    }
  }

  private static func tokens(_ one: Vocabulary, _ other: Vocabulary) -> [Difference] {
    var found: [Difference] = []
    let common = 0..<min(one.count, other.count)
    if one.count != other.count {
      // Padding up to the rows of the embedding changes nothing.
      let longer = one.count > other.count ? one : other
      let isPadding = (common.upperBound..<longer.count).allSatisfy { longer.types[$0] == .unused }
      found.append(
        Difference(
          fact: "has \(counted(one.count, "token")) in the reference, \(other.count.grouped) in the candidate",
          isFault: !isPadding))
    }
    if let id = common.first(where: { one.tokens[$0] != other.tokens[$0] }) {
      found.append(
        Difference(
          fact: "token \(id.grouped) is \(one.tokens.text(id).quoted) in the reference, "
            + "\(other.tokens.text(id).quoted) in the candidate", isFault: true))
    }
    found += scores(one, other)
    let differing = common.filter { one.types[$0].matching != other.types[$0].matching }
    // Added tokens and special ones are both found before text is split.
    let moved = differing.first { (one.types[$0].matching == .asPiece) != (other.types[$0].matching == .asPiece) }
    if let id = moved ?? differing.first {
      found.append(
        Difference(
          fact: "token \(id.grouped) is \(one.types[id].words) in the reference, \(other.types[id].words) in the"
            + " candidate", isFault: moved != nil))
    }
    return found
  }

  /// Scores decide by their values among unigrams; among SentencePiece's merges only their order does.
  private static func scores(_ one: Vocabulary, _ other: Vocabulary) -> [Difference] {
    let scored = (0..<min(one.scores.count, other.scores.count)).filter {
      one.types[$0] == .normal && other.types[$0] == .normal
    }
    guard let id = scored.first(where: { one.scores[$0] != other.scores[$0] }) else { return [] }
    let isFault = one.kind != .sentencePiece || ranks(one.scores, scored) != ranks(other.scores, scored)
    return [
      Difference(
        fact: "the score of token \(id.grouped) is \(one.scores[id]) in the reference, \(other.scores[id]) in the"
          + " candidate" + (isFault ? "" : ", and the order of all scores is the same"), isFault: isFault)
    ]
  }

  /// The rank of the score of each id; equal scores have one rank.
  private static func ranks(_ scores: [Float], _ ids: [Int]) -> [Int] {
    let distinct = Set(ids.map { scores[$0] }).sorted()
    let ranks = Dictionary(uniqueKeysWithValues: distinct.enumerated().map { ($1, $0) })
    return ids.map { ranks[scores[$0]] ?? 0 }
  }

  private static func rules(_ one: Vocabulary, _ other: Vocabulary) -> [Difference] {
    guard one.kind == other.kind else {
      return [
        Difference(
          fact: "is of the kind \(one.kind.rawValue.quoted) in the reference, \(other.kind.rawValue.quoted) in the"
            + " candidate", isFault: true)
      ]
    }
    var found: [Difference] = []
    if one.preTokenizer != other.preTokenizer {
      found.append(
        Difference(
          fact: "the pre-tokenizer is \(one.preTokenizer.quoted) in the reference, \(other.preTokenizer.quoted) in the"
            + " candidate", isFault: one.splitsOtherwise(than: other)))
    }
    guard one.kind == .byteLevel else { return found }
    if one.merges.count != other.merges.count {
      found.append(
        Difference(
          fact: "has \(counted(one.merges.count, "merge")) in the reference, \(other.merges.count.grouped) in the"
            + " candidate", isFault: true))
    } else if let rank = (0..<one.merges.count).first(where: { one.merges[$0] != other.merges[$0] }) {
      found.append(
        Difference(
          fact: "merge \(rank.grouped) is \(one.merges.text(rank).quoted) in the reference, "
            + "\(other.merges.text(rank).quoted) in the candidate", isFault: true))
    }
    return found
  }

  private static func specialTokens(_ one: Vocabulary, _ other: Vocabulary) -> [Difference] {
    var found: [Difference] = []
    for role in SpecialToken.allCases where one.id(of: role) != other.id(of: role) {
      let ids = [one, other].map { $0.id(of: role) }
      let words = ids.map { $0.map(String.init) ?? "none" }
      found.append(
        Difference(
          fact: "the \(role.rawValue) token is \(words[0]) in the reference, \(words[1]) in the candidate",
          isFault: !ids.contains(nil) || role == .eos && ids[1] == nil))
    }
    for role in SpecialToken.allCases where (one.adds(role) ?? false) != (other.adds(role) ?? false) {
      let sides = one.adds(role) == true ? ("reference", "candidate") : ("candidate", "reference")
      found.append(
        Difference(
          fact: "the \(role.rawValue) token is added to a prompt by the \(sides.0), not by the \(sides.1)",
          isFault: true))
    }
    return found
  }
}

extension TokenType {
  /// How a tokenizer finds a token in text; types of one way are alike.
  fileprivate enum Matching { case asPiece, beforeSplitting, asSpecial }

  fileprivate var matching: Matching {
    switch self {
    case .control, .unknown: .asSpecial
    case .userDefined: .beforeSplitting
    case .normal, .byte, .undefined, .unused: .asPiece
    }
  }

  fileprivate var words: String {
    switch matching {
    case .asPiece: "a piece of text"
    case .beforeSplitting: "an added token"
    case .asSpecial: "a special token"
    }
  }
}
