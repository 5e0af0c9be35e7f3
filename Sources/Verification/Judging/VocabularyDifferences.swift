import Bytes
import Models
import Tokenization

/// The differences between the vocabularies of two models, as findings; none where a model has no vocabulary.
enum VocabularyDifferences {
  /// Compares sizes, token texts (up to the first difference), special tokens, and which of them encoding adds.
  ///
  /// They are warnings: the numbers of the models do not depend on them.
  static func findings(_ reference: Model, _ candidate: Model, check: String) -> [Finding] {
    var vocabularies: [Vocabulary] = []
    for model in [reference, candidate] {
      do {
        guard let vocabulary = try model.vocabulary()?.vocabulary else { return [] }
        vocabularies.append(vocabulary)
      } catch {
        return [Finding(.warning, check, place: "tokenizer", "is not compared: \(error)")]
      }
    }
    return differences(vocabularies[0], vocabularies[1]).map { Finding(.warning, check, place: "tokenizer", $0) }
  }

  private static func differences(_ one: Vocabulary, _ other: Vocabulary) -> [String] {
    var facts: [String] = []
    if one.count != other.count {
      facts.append("has \(counted(one.count, "token")) in the reference, \(other.count.grouped) in the candidate")
    }
    if let id = (0..<min(one.count, other.count)).first(where: { one.tokens[$0] != other.tokens[$0] }) {
      facts.append(
        "token \(id.grouped) is \(one.tokens.text(id).quoted) in the reference, \(other.tokens.text(id).quoted) in the"
          + " candidate")
    }
    for role in SpecialToken.allCases where one.id(of: role) != other.id(of: role) {
      let ids = [one, other].map { $0.id(of: role).map(String.init) ?? "none" }
      facts.append("the \(role.rawValue) token is \(ids[0]) in the reference, \(ids[1]) in the candidate")
    }
    for role in SpecialToken.allCases where (one.adds(role) ?? false) != (other.adds(role) ?? false) {
      let sides = one.adds(role) == true ? ("reference", "candidate") : ("candidate", "reference")
      facts.append("the \(role.rawValue) token is added to a text by the \(sides.0), not by the \(sides.1)")
    }
    return facts
  }
}
