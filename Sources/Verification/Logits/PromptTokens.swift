import Bytes
import Models
import Tokenization

/// The tokens that two models are run on, and whether their tokenizers agree.
public struct PromptTokens: Sendable {
  /// The ids.
  public let ids: [Int]
  /// The token that the tokenizer puts before a text; nil if it puts none, or ids were given.
  public let startToken: Int?
  /// What was found about the tokenizers.
  public let findings: [Finding]

  /// Ids that were given; the vocabularies, where both models have one, are compared.
  public init(_ ids: [Int], reference: Model, candidate: Model) {
    self.ids = ids
    startToken = nil
    findings = VocabularyDifferences.findings(reference, candidate, check: "verify.tokenizer")
  }

  /// The ids of `text` by the tokenizer of the reference, or of the candidate if only that has one.
  ///
  /// - Throws: `NoTokenizer` if neither has one; errors of reading the one that is used.
  public init(_ text: String, reference: Model, candidate: Model) throws {
    var findings = VocabularyDifferences.findings(reference, candidate, check: "verify.tokenizer")
    let hasOwn = try reference.vocabulary() != nil
    let tokenizer = try (hasOwn ? reference : candidate).tokenizer()
    ids = tokenizer.encode(text)
    startToken = tokenizer.startToken(of: ids)
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
}

extension Tokenizer {
  /// The token that encoding put before `ids`: the beginning of a sequence, where the model wants one.
  public func startToken(of ids: [Int]) -> Int? {
    vocabulary.id(of: .bos).flatMap { $0 == ids.first ? $0 : nil }
  }
}
