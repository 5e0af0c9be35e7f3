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
    _ reference: Model, _ candidate: Model, check: String, severity: Finding.Severity
  ) -> [Finding] {
    var vocabularies: [Vocabulary] = []
    for model in [reference, candidate] {
      do {
        guard let vocabulary = try model.vocabulary()?.vocabulary else { return [] }
        vocabularies.append(vocabulary)
      } catch {
        return [Finding(.warning, check, .tokenizer, "is not compared: \(error)")]
      }
    }
    let (one, other) = (vocabularies[0], vocabularies[1])
    return (tokens(one, other) + rules(one, other) + specialTokens(one, other)).map {
      Finding($0.isFault ? severity : .warning, check, .tokenizer, $0.fact)
    }
  }

  private static func tokens(_ one: Vocabulary, _ other: Vocabulary) -> [Difference] {
    var found: [Difference] = []
    if one.count != other.count {
      found.append(
        Difference(
          fact: "has \(counted(one.count, "token")) in the reference, \(other.count.grouped) in the candidate",
          isFault: false))
    }
    let common = 0..<min(one.count, other.count)
    if let id = common.first(where: { one.tokens[$0] != other.tokens[$0] }) {
      found.append(
        Difference(
          fact: "token \(id.grouped) is \(one.tokens.text(id).quoted) in the reference, "
            + "\(other.tokens.text(id).quoted) in the candidate", isFault: true))
    }
    let scored = 0..<min(one.scores.count, other.scores.count)
    if let id = scored.first(where: { one.types[$0] == .normal && one.scores[$0] != other.scores[$0] }) {
      found.append(
        Difference(
          fact: "the score of token \(id.grouped) is \(one.scores[id]) in the reference, \(other.scores[id]) in the"
            + " candidate", isFault: true))
    }
    return found
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
