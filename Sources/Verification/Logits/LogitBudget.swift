import Architectures
import Bytes
import Models
import Quantization
import Tensors

/// The limits for a candidate's logits, and where they come from.
public struct LogitBudget: Sendable {
  public enum Rule: Sendable {
    /// Every logit must have the same bits.
    case sameBits
    /// Limits on metrics.
    case limits(Budget)
  }

  public let rule: Rule
  /// The origin of the rule.
  public let reason: String
  /// Whether the user gave the limits. Then they decide about the quality, otherwise about the conversion.
  public let isGiven: Bool

  /// Creates the budget of limits that the user gave.
  public init(_ budget: Budget) {
    rule = .limits(budget)
    reason = "given"
    isGiven = true
  }

  /// Creates the budget that follows from the storage formats of two models.
  ///
  /// If the formats of the candidate represent every value of the reference, the logits must have the same bits: other
  /// names, other containers and wider formats change no value. Otherwise the coarsest format of the candidate decides,
  /// see `StorageFormat.expectedLogitLimits`.
  public init(reference: Model, candidate: Model, output: ForwardPassFeatures.Output = .logits) {
    var coarsest: (format: StorageFormat, limit: Double)?
    for slot in candidate.slots {
      guard let format = candidate.tensor(slot)?.descriptor.format,
        let original = reference.valueFormat(slot),
        !format.holdsEveryValue(of: original)
      else { continue }
      let limit = format.expectedErrorLimit ?? 1
      if limit > coarsest?.limit ?? -1 { coarsest = (format, limit) }
    }
    isGiven = false
    guard let coarsest else {
      rule = .sameBits
      reason = "the candidate's storage formats represent every value of the reference"
      return
    }
    switch output {
    case .logits: rule = .limits(coarsest.format.expectedLogitLimits)
    case .embedding, .scores: rule = .limits(coarsest.format.expectedEmbeddingLimits)
    }
    reason = "the default for \(coarsest.format.name)"
  }

  /// The errors of quantizing the reference to a candidate's formats.
  struct Baseline {
    let divergence: Double, error: Double, topOneAgreement: Double
    let positionCount: Int
  }

  /// Returns limits of at least twice the baseline.
  ///
  /// Some models lose more than others in the same formats: small ones, mixtures of experts whose router chooses other
  /// experts, and those with flat predictions. Top-1 agreement may also be lower by `1/√positions`, its uncertainty.
  func raised(to baseline: Baseline) -> LogitBudget {
    guard case .limits(let budget) = rule else { return self }
    let topOneAgreement = max(
      0, 1 - 2 * (1 - baseline.topOneAgreement) - 1 / Double(max(1, baseline.positionCount)).squareRoot())
    let limits = budget.limits.map { limit in
      switch limit.metric {
      // Rounded to few digits, in the candidate's favor.
      case .divergence: Budget.Limit(.divergence, max(limit.value, (2e4 * baseline.divergence).rounded(.up) / 1e4))
      case .topOneAgreement:
        Budget.Limit(.topOneAgreement, min(limit.value, (1e4 * topOneAgreement).rounded(.down) / 1e4))
      case .nmse: Budget.Limit(.nmse, max(limit.value, (2e6 * baseline.error).rounded(.up) / 1e6))
      default: limit
      }
    }
    let measured =
      baseline.positionCount == 0
      ? "nmse \(baseline.error.metricText)"
      : "kl \(baseline.divergence.metricText), top1 \(baseline.topOneAgreement.metricText)"
    return LogitBudget(
      rule: .limits(Budget(limits)),
      reason: "\(reason), or twice the error of quantizing the reference to the same formats: \(measured)")
  }

  private init(rule: Rule, reason: String) {
    self.rule = rule
    self.reason = reason
    isGiven = false
  }

  /// `kl=0.02,top1=0.9 (the default for Q8_0)`
  public var description: String {
    switch rule {
    case .sameBits: "same bits (\(reason))"
    case .limits(let budget): "\(budget.limits.map(\.description).joined(separator: ",")) (\(reason))"
    }
  }

  var json: JSON {
    let limits: JSON =
      switch rule {
      case .sameBits: .members(["same_bits": .bool(true)])
      case .limits(let budget): budget.json
      }
    return .members(["limits": limits, "reason": .string(reason)])
  }
}

extension StorageFormat {
  /// The limit on the error of a text embedding: twenty times that of the weights, since each layer adds to it.
  var expectedEmbeddingLimits: Budget { Budget([Budget.Limit(.nmse, min(1, 20 * (expectedErrorLimit ?? 1)))]) }

  /// Limits on mean KL divergence (nats) and on top-1 agreement.
  ///
  /// Small models lose most by quantization, so the limits are two to ten times the loss of a model of 135 million
  /// parameters (SmolLM2-135M over 1,024 tokens of prose: Q8_0 0.0013 and 98 %, Q4_0 0.38 and 64 %, Q2_K 1.64 and
  /// 36 %). They find wrong conversions, not differences in quality: `QualityGrade` has those.
  public var expectedLogitLimits: Budget {
    let pair: (divergence: Double, topOneAgreement: Double) =
      switch expectedErrorLimit ?? 1 {
      case ...2e-5: (0.001, 0.95)
      case ...2e-4: (0.02, 0.9)
      case ...4e-3: (0.05, 0.85)
      case ...6e-3: (0.2, 0.75)
      case ...5e-2: (1, 0.5)
      case ...0.1: (2, 0.3)
      case ...0.3: (4, 0.1)
      default: (8, 0.01)
      }
    return Budget([
      Budget.Limit(.divergence, pair.divergence), Budget.Limit(.topOneAgreement, pair.topOneAgreement),
    ])
  }
}
