import Bytes
import Models

/// A candidate judged against its reference: logit by logit, tensor by tensor, and where it fails, why.
public struct ModelVerification: Sendable {
  /// Both models run over the same tokens.
  public let logits: LogitComparison
  /// The weights compared through the inverse transforms; nil if that was not wanted.
  public let weights: CheckpointDiff?
  /// Whether the weights count for the verdict.
  public let judgesWeights: Bool
  /// What is known to cause what was found, each proven by a run with the correction.
  public let diagnoses: [Diagnosis]

  /// Collects the parts.
  public init(logits: LogitComparison, weights: CheckpointDiff?, judgesWeights: Bool, diagnoses: [Diagnosis]) {
    self.logits = logits
    self.weights = weights
    self.judgesWeights = judgesWeights
    self.diagnoses = diagnoses
  }

  /// Whether the candidate keeps every budget.
  public var passes: Bool { findings.pass }

  /// What is to be said: the diagnoses first, then the logits, then what fails in the weights.
  public var findings: [Finding] {
    let ofWeights = judgesWeights ? weights?.findings.filter { $0.severity == .error } ?? [] : []
    var findings = diagnoses.map(\.finding) + logits.findings + ofWeights.prefix(Self.weightFindingCount)
    if ofWeights.count > Self.weightFindingCount {
      findings.append(
        Finding(
          .error, "verify.weights", place: "weights",
          "\((ofWeights.count - Self.weightFindingCount).grouped) more findings, which diff --budget auto shows"))
    }
    return findings
  }

  /// Findings about single tensors that are shown: a fault of all layers is one of hundreds.
  private static let weightFindingCount = 12

  /// The tensors with the greatest error relative to their size, the worst first; equal ones are left out.
  public func worstTensors(_ count: Int) -> [TensorComparison] {
    let changed = weights?.tensors.filter { ($0.metrics?.differingCount ?? 0) > 0 } ?? []
    let ranked = changed.enumerated().sorted { left, right in
      let one = left.element.metrics?.normalizedMeanSquareError ?? 0
      let other = right.element.metrics?.normalizedMeanSquareError ?? 0
      return one != other ? one > other : left.offset < right.offset
    }
    return ranked.prefix(count).map(\.element)
  }
}
