import Architectures
import Bytes
import Evaluation
import Inference
import Models
import Quantization
import Tensors

/// Several candidates compared with one reference by their predictions on the same tokens.
public struct CandidateComparison: Sendable {
  /// The reference or a candidate, with its size.
  public struct Subject: Sendable {
    public let model: Model
    /// The files with its weights.
    public let files: [ModelFile]

    /// The path as the user gave it.
    public var path: String { model.checkpoint.path }
    /// The bytes of the files.
    public var byteCount: Int { files.reduce(0) { $0 &+ $1.byteCount } }
    /// Bits of tensor data to an element.
    public var bitsPerWeight: Double { model.checkpoint.bitsPerWeight }
  }

  /// A candidate and its predictions.
  public struct Candidate: Sendable {
    public let subject: Subject
    public let predictions: Predictions
    /// The limits: given ones, or those that follow from the storage formats.
    public let budget: LogitBudget
    /// The differences of tokenizers and what exceeds limits.
    public let findings: [Finding]

    /// Whether no finding is an error.
    public var passes: Bool { findings.pass }
  }

  public let reference: Subject
  /// In the order that the user gave.
  public let candidates: [Candidate]
  public let tokens: TokenChunks
  /// The text that the tokens come from; nil for ids.
  public let text: EvaluationText?
  /// What became of the cache; nil if none was asked for.
  public let cache: CacheUse?

  /// The use of cached logits of the reference.
  public struct CacheUse: Sendable, Hashable {
    public enum Outcome: Sendable, Hashable {
      /// The reference was not run.
      case read
      case written
      /// The file that was there could not be used, for a reason, and was written again.
      case replaced(String)
      /// A file that is something else has the name, so none was written.
      case blocked
      /// The reference has no logits.
      case notApplicable
    }

    public let path: String
    public let outcome: Outcome
  }

  /// Whether every candidate passes.
  public var passes: Bool { candidates.allSatisfy(\.passes) }

  /// Whether the models give vectors of texts and not logits.
  public var isEmbedding: Bool { candidates.first?.predictions.isEmbedding ?? false }

  /// The perplexity of the reference; nil if nothing was scored.
  public var referencePerplexity: Perplexity? { candidates.lazy.compactMap(\.predictions.referencePerplexity).first }
}
