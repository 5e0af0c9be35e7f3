import Bytes
import Models

/// A candidate compared with its reference, logit by logit and tensor by tensor, and the causes if it fails.
public struct ModelVerification: Sendable {
  public let logits: LogitComparison
  /// The weights compared in Hugging Face's layout; nil if they were ignored.
  public let weights: CheckpointDiff?
  /// The effect of the weights on the verdict.
  public let weightPolicy: Weights
  /// The known faults that explain the errors, each with a run of its correction.
  public let diagnoses: [Diagnosis]

  public init(logits: LogitComparison, weights: CheckpointDiff?, weightPolicy: Weights, diagnoses: [Diagnosis]) {
    self.logits = logits
    self.weights = weights
    self.weightPolicy = weightPolicy
    self.diagnoses = diagnoses
  }

  /// Whether neither the conversion nor the quality fails.
  public var passes: Bool { findings.pass }

  /// The diagnoses, then the findings about logits, then the errors of the weights.
  public var findings: [Finding] {
    let ofWeights = weightPolicy == .judged ? weights?.findings.filter { $0.severity == .error } ?? [] : []
    var findings = diagnoses.map(\.finding) + logits.findings + ofWeights.prefix(Self.weightFindingCount)
    if ofWeights.count > Self.weightFindingCount {
      findings.append(
        Finding(
          .error, "verify.weights", .weights,
          "\(counted(ofWeights.count - Self.weightFindingCount, "more finding")) (ingot diff --budget auto shows all)"))
    }
    return findings
  }

  /// Findings about single tensors that are shown: a fault of all layers has hundreds.
  private static let weightFindingCount = 12

  /// Returns the tensors with the greatest NMSE, the worst first; equal tensors are left out.
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
