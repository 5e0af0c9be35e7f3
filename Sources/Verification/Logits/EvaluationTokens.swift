import Bytes
import Evaluation
import Models
import Tokenization

/// The tokens that two models are run on, and the differences of their tokenizers.
public struct EvaluationTokens: Sendable {
  public let ids: [Int]
  /// The BOS that the tokenizer adds; nil if it adds none, or ids were given.
  public let startToken: Int?
  /// The differences of the tokenizers.
  public let findings: [Finding]

  /// Takes ids, and compares the tokenizers if both models have one.
  public init(_ ids: [Int], reference: Model, candidate: Model) {
    self.ids = ids
    startToken = nil
    findings = TokenizerComparison(reference, candidate).findings(Self.probes)
  }

  /// Encodes `text` with the tokenizer of the reference, or of the candidate if only that has one.
  ///
  /// - Throws: `NoTokenizer` if neither has one; errors of reading the one that is used.
  public init(_ text: String, reference: Model, candidate: Model) throws {
    let tokenizer = try (try reference.vocabulary() != nil ? reference : candidate).tokenizer()
    ids = tokenizer.encode(text)
    startToken = tokenizer.startToken(of: ids)
    findings = TokenizerComparison(reference, candidate).findings([text] + Self.probes)
  }

  /// Texts that both tokenizers must encode alike; each separates some kinds of tokenizers.
  static let probes = [
    "The river runs past the mill, and the mill grinds the grain that the valley grows.", "It's 1984, or 2026?",
    "don't", "  two  spaces\n\nand\ta tab", "naïve café", "漢字とかな", "def f(x):\n    return x + 1\n", "🙂",
  ]
}

/// The tokenizers of two models side by side.
private struct TokenizerComparison {
  private let reference: Model, candidate: Model

  init(_ reference: Model, _ candidate: Model) {
    self.reference = reference
    self.candidate = candidate
  }

  /// Returns the differences of the vocabularies, and the first of `texts` with other ids.
  func findings(_ texts: [String]) -> [Finding] {
    let differences = VocabularyDifferences.findings(reference, candidate, check: "verify.tokenizer", severity: .error)
    guard let one = try? reference.tokenizer(), let other = try? candidate.tokenizer() else { return differences }
    for text in texts {
      let ids = one.encode(text), others = other.encode(text)
      if ids != others { return differences + [disagreement(text, ids, others)] }
    }
    return differences
  }

  private func disagreement(_ text: String, _ ids: [Int], _ others: [Int]) -> Finding {
    let count = min(ids.count, others.count)
    let position = (0..<count).first { ids[$0] != others[$0] } ?? count
    func id(_ ids: [Int]) -> String { position < ids.count ? "\(ids[position])" : "the end" }
    return Finding(
      .error, "verify.tokenizer", .text(text),
      "the tokenizers differ at token \(position.grouped): \(id(ids)) in the reference, \(id(others)) in the"
        + " candidate (\(counted(ids.count, "token")) and \(others.count.grouped))")
  }
}
