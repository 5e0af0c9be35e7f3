import Bytes
import Models
import Tokenization

/// The tokens that two models are run on, and whether their tokenizers agree.
public struct PromptTokens: Sendable {
  /// The ids.
  public let ids: [Int]
  /// What was found about the tokenizers.
  public let findings: [Finding]

  /// Ids that were given; the vocabularies, where both models have one, are compared.
  public init(_ ids: [Int], reference: Model, candidate: Model) {
    self.ids = ids
    findings = Self.vocabularyFindings(reference, candidate)
  }

  /// The ids of `text` by the tokenizer of the reference, or of the candidate if only that has one.
  ///
  /// - Throws: `NoTokenizer` if neither has one; errors of reading the one that is used.
  public init(_ text: String, reference: Model, candidate: Model) throws {
    var findings = Self.vocabularyFindings(reference, candidate)
    let hasOwn = try reference.vocabulary() != nil
    ids = try (hasOwn ? reference : candidate).tokenizer().encode(text)
    if hasOwn, let vocabulary = try? candidate.vocabulary()?.vocabulary {
      let others = try Tokenizer(vocabulary).encode(text)
      if ids != others { findings.append(Self.disagreement(ids, others)) }
    }
    self.findings = findings
  }

  private static func disagreement(_ ids: [Int], _ others: [Int]) -> Finding {
    let count = min(ids.count, others.count)
    let position = (0..<count).first { ids[$0] != others[$0] } ?? count
    func id(_ ids: [Int]) -> String { position < ids.count ? "\(ids[position])" : "the end" }
    return Finding(
      .error, "verify.tokenizer", place: "text",
      "the tokenizers disagree from token \(position.grouped) on: \(id(ids)) in the reference, \(id(others)) in the"
        + " candidate (\(counted(ids.count, "token")) against \(others.count.grouped))")
  }

  /// Differences of the vocabularies: sizes, the first differing token, special tokens.
  private static func vocabularyFindings(_ reference: Model, _ candidate: Model) -> [Finding] {
    var vocabularies: [Vocabulary] = []
    for model in [reference, candidate] {
      do {
        guard let vocabulary = try model.vocabulary()?.vocabulary else { return [] }
        vocabularies.append(vocabulary)
      } catch {
        return [Finding(.warning, "verify.tokenizer", place: "tokenizer", "is not compared: \(error)")]
      }
    }
    return differences(vocabularies[0], vocabularies[1]).map {
      Finding(.warning, "verify.tokenizer", place: "tokenizer", $0)
    }
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
    return facts
  }
}
