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
    let comparison = TokenizerComparison(reference, candidate)
    findings = comparison.findings([text] + Self.probes) + comparison.readerFindings(text)
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
  /// The vocabularies as their containers have them; nil if one cannot be read.
  private let vocabularies: (Vocabulary, Vocabulary)?
  /// The tokenizers of the vocabularies as one reader has them.
  private let tokenizers: (Tokenizer, Tokenizer)?

  init(_ reference: Model, _ candidate: Model) {
    self.reference = reference
    self.candidate = candidate
    guard let one = try? reference.vocabulary()?.vocabulary, let other = try? candidate.vocabulary()?.vocabulary else {
      (vocabularies, tokenizers) = (nil, nil)
      return
    }
    vocabularies = (one, other)
    let (first, second) = Vocabulary.comparable(one, other)
    guard let tokenizer = try? Tokenizer(first), let otherTokenizer = try? Tokenizer(second) else {
      tokenizers = nil
      return
    }
    tokenizers = (tokenizer, otherTokenizer)
  }

  /// Returns the differences of the vocabularies, and the first of `texts` with other ids.
  func findings(_ texts: [String]) -> [Finding] {
    let differences = VocabularyDifferences.findings(reference, candidate, check: "verify.tokenizer", severity: .error)
    guard let (one, other) = tokenizers else { return differences }
    for text in texts {
      let ids = one.encode(text), others = other.encode(text)
      guard ids != others else { continue }
      let fact = disagreement(("the reference", ids), ("the candidate", others))
      return differences + [Finding(.error, "verify.tokenizer", .text(text), "the tokenizers differ at \(fact)")]
    }
    return differences
  }

  /// A warning if the readers of the two containers encode `text` differently, although the vocabularies are the same.
  func readerFindings(_ text: String) -> [Finding] {
    guard let (one, other) = vocabularies, one.reader != other.reader, let (first, second) = tokenizers else {
      return []
    }
    func ids(_ vocabulary: Vocabulary, _ tokenizer: Tokenizer) -> [Int]? {
      vocabulary.reader == .llamaCpp ? tokenizer.encode(text) : (try? Tokenizer(vocabulary))?.encode(text)
    }
    guard let own = ids(one, first), let others = ids(other, second), own != others,
      first.encode(text) == second.encode(text)
    else { return [] }
    let fact = disagreement((one.reader.rawValue, own), (other.reader.rawValue, others))
    return [
      Finding(
        .warning, "verify.tokenizer", .text(text),
        "\(one.reader.rawValue) and \(other.reader.rawValue) encode it differently, at \(fact)")
    ]
  }

  private func disagreement(_ one: (name: String, ids: [Int]), _ other: (name: String, ids: [Int])) -> String {
    let count = min(one.ids.count, other.ids.count)
    let position = (0..<count).first { one.ids[$0] != other.ids[$0] } ?? count
    func id(_ ids: [Int]) -> String { position < ids.count ? "\(ids[position])" : "the end" }
    return "token \(position.grouped): \(id(one.ids)) in \(one.name), \(id(other.ids)) in \(other.name)"
      + " (\(counted(one.ids.count, "token")) and \(other.ids.count.grouped))"
  }
}
