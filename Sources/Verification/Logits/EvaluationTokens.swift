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
  public init(_ ids: [Int], reference: Model, candidate: Model, templates severity: Finding.Severity = .error) {
    self.ids = ids
    startToken = nil
    findings = Self.differences(reference, candidate, severity).findings()
  }

  /// Encodes `text` with the tokenizer of the reference, or of the candidate if only that has one.
  ///
  /// - Throws: `NoTokenizer` if neither has one; `EmptyText`; errors of reading the one that is used.
  public init(
    _ text: String, reference: Model, candidate: Model, templates severity: Finding.Severity = .error
  ) throws {
    let tokenizer: Tokenizer
    do { tokenizer = try reference.tokenizer() } catch is NoTokenizer { tokenizer = try candidate.tokenizer() }
    let ids = tokenizer.encode(text), template = tokenizer.vocabulary.effectiveTemplate
    guard ids.count > template.prefix.count + template.suffix.count else { throw EmptyText() }
    self.ids = ids
    startToken = tokenizer.startToken(of: ids)
    let differences = Self.differences(reference, candidate, severity)
    findings = differences.findings([text] + TokenizerDifferences.probes) + differences.readerFindings(text)
  }

  private static func differences(
    _ reference: Model, _ candidate: Model, _ templateSeverity: Finding.Severity
  ) -> TokenizerDifferences {
    TokenizerDifferences(
      reference, candidate, check: "verify.tokenizer",
      severities: .init(templates: templateSeverity, missing: .warning))
  }
}

/// A text without a token, on which nothing can be compared.
public struct EmptyText: IngotError, Equatable {
  public init() {}

  public var category: ErrorCategory { .input }
  public var description: String { "text: is empty, so nothing would be compared" }
}
