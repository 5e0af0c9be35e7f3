import Bytes
import Models
import Quantization
import Tensors

/// What a candidate's logits are held to, and why.
public struct LogitBudget: Sendable {
  /// The rule.
  public enum Rule: Sendable {
    /// The same bits in every logit.
    case sameBits
    /// Limits on metrics.
    case limits(Budget)
    /// Nothing: the metrics are reported.
    case none
  }

  /// The rule.
  public let rule: Rule
  /// Where it comes from.
  public let reason: String

  /// The limits that the user gave.
  public init(_ budget: Budget) {
    rule = .limits(budget)
    reason = "given"
  }

  /// The budget that follows from the storage formats of two models.
  ///
  /// Where the formats of the candidate hold every value of the reference, nothing may change: renaming, other
  /// containers and wider formats keep every number, so the logits must have the same bits. Otherwise the format of
  /// the candidate's tensors that is expected to cost most decides, see `StorageFormat.expectedLogitLimits`.
  public init(reference: Model, candidate: Model, givesEmbedding: Bool = false) {
    var coarsest: (format: StorageFormat, limit: Double)?
    for place in candidate.slots {
      guard let format = candidate.tensor(place)?.descriptor.format,
        let original = reference.valueFormat(place),
        !format.holdsEveryValue(of: original)
      else { continue }
      let limit = format.expectedErrorLimit ?? 1
      if limit > coarsest?.limit ?? -1 { coarsest = (format, limit) }
    }
    guard let coarsest else {
      rule = .sameBits
      reason = "the candidate's storage formats hold every value of the reference"
      return
    }
    if let limits = givesEmbedding
      ? coarsest.format.expectedEmbeddingLimits : coarsest.format.expectedLogitLimits
    {
      rule = .limits(limits)
      reason = "the default for \(coarsest.format.name)"
    } else {
      rule = .none
      reason = "there is no default for \(coarsest.format.name)"
    }
  }

  /// What an honest encoding of the reference in a candidate's formats leaves.
  struct Cost {
    let divergence: Double, error: Double, topOneAgreement: Double
    let positionCount: Int
  }

  /// The limits, or twice what an honest encoding of this very model costs, whichever is more.
  ///
  /// Some models lose more than others by the same formats: small ones, mixtures whose routers choose other experts, and
  /// those with flat predictions. The share of equal top tokens is given `1/√positions` besides, since few positions make
  /// it uncertain.
  func raised(to cost: Cost) -> LogitBudget {
    guard case .limits(let budget) = rule else { return self }
    let topOneAgreement = max(
      0, 1 - 2 * (1 - cost.topOneAgreement) - 1 / Double(max(1, cost.positionCount)).squareRoot())
    let limits = budget.limits.map { limit in
      switch limit.metric {
      // Rounded to what somebody can read and pass on, in the candidate's favor.
      case .divergence: Budget.Limit(.divergence, max(limit.value, (2e4 * cost.divergence).rounded(.up) / 1e4))
      case .topOneAgreement:
        Budget.Limit(.topOneAgreement, min(limit.value, (1e4 * topOneAgreement).rounded(.down) / 1e4))
      case .nmse: Budget.Limit(.nmse, max(limit.value, (2e6 * cost.error).rounded(.up) / 1e6))
      default: limit
      }
    }
    let measured =
      cost.positionCount == 0
      ? "nmse \(cost.error.scientific)" : "kl \(cost.divergence.fixed(4)), top1 \(cost.topOneAgreement.fixed(4))"
    return LogitBudget(
      rule: .limits(Budget(limits)),
      reason: "\(reason), or twice what encoding the reference so costs: \(measured)")
  }

  private init(rule: Rule, reason: String) {
    self.rule = rule
    self.reason = reason
  }

  /// `kl=0.02,top1=0.9 (the default for Q8_0)`
  public var description: String {
    switch rule {
    case .sameBits: "same bits (\(reason))"
    case .limits(let budget): "\(budget.limits.map(\.description).joined(separator: ",")) (\(reason))"
    case .none: "none (\(reason))"
    }
  }

  var json: JSON {
    let limits: JSON =
      switch rule {
      case .sameBits: .members(["same_bits": .bool(true)])
      case .limits(let budget): budget.json
      case .none: .members([:])
      }
    return .members(["limits": limits, "reason": .string(reason)])
  }
}

extension StorageFormat {
  /// The limit on the error of an encoder's vector: twenty times that of the weights, for each layer adds its part.
  var expectedEmbeddingLimits: Budget? {
    expectedErrorLimit.map { Budget([Budget.Limit(.nmse, min(1, 20 * $0))]) }
  }

  /// Limits on mean KL divergence (nats) and on the share of positions with the same most likely token.
  ///
  /// Small models suffer most from quantization, so the limits are two to ten times what one of a hundred million
  /// parameters loses (SmolLM2-135M over 1,024 tokens of prose: Q8_0 0.0013 and 98 %, Q4_0 0.38 and 64 %). They find
  /// conversions that went wrong, not differences in quality.
  public var expectedLogitLimits: Budget? {
    guard let cost = expectedErrorLimit else { return nil }
    let pair: (divergence: Double, topOneAgreement: Double)? =
      switch cost {
      case ...2e-5: (0.001, 0.95)
      case ...2e-4: (0.02, 0.9)
      case ...4e-3: (0.05, 0.85)
      case ...6e-3: (0.2, 0.75)
      case ...5e-2: (1, 0.5)
      case ...0.1: (2, 0.3)
      default: nil
      }
    return pair.map {
      Budget([Budget.Limit(.divergence, $0.divergence), Budget.Limit(.topOneAgreement, $0.topOneAgreement)])
    }
  }
}
