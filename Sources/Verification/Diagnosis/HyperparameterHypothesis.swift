import Architectures
import Bytes

/// A number of the candidate that is not the reference's, and the reference's numbers with that one in its place.
struct HyperparameterHypothesis: Sendable {
  let cause: Diagnosis.Cause
  /// The name of the number.
  let place: String
  let words: String
  let faulty: Hyperparameters

  /// The numbers that differ, those that change every layer first.
  static func all(reference: Hyperparameters, candidate: Hyperparameters) -> [HyperparameterHypothesis] {
    var all: [HyperparameterHypothesis] = []
    var candidate = candidate
    // A GGUF has the divisors of llama3 alone, which may be right where the base is not.
    if case .longrope(let scaling) = candidate.rotary.scaling, scaling.hasFixedFactors,
      scaling.shortFactors == Llama3RopeFactors.factors(reference.rotary)?.map(RotaryScaling.shortest)
    {
      candidate.rotary.scaling = reference.rotary.scaling
    }
    // The candidate's numbers, as far as they were not tried one at a time.
    var rest = candidate
    func compare<Value>(
      _ cause: Diagnosis.Cause, _ place: String, _ number: WritableKeyPath<Hyperparameters, Value>,
      _ words: (Value) -> String
    ) {
      let one = words(reference[keyPath: number]), other = words(candidate[keyPath: number])
      rest[keyPath: number] = reference[keyPath: number]
      guard one != other else { return }
      var faulty = reference
      faulty[keyPath: number] = candidate[keyPath: number]
      all.append(
        HyperparameterHypothesis(
          cause: cause, place: place, words: "is \(one) in the reference, \(other) in the candidate", faulty: faulty))
    }
    func compareOptional(
      _ cause: Diagnosis.Cause, _ place: String, _ number: WritableKeyPath<Hyperparameters, Double?>
    ) { compare(cause, place, number) { $0.map { "\(Float($0))" } ?? "none" } }

    compare(.rotaryBase, "rotary base", \.rotary.base) { "\(Float($0))" }
    compareOptional(.rotaryBase, "local rotary base", \.localRotaryBase)
    compare(.rotaryScaling, "rotary scaling", \.rotary.scaling, \.words)
    compare(.rotaryScaling, "rotary dimension", \.rotary.dimensionCount) { "\($0)" }
    compare(.normEpsilon, "norm epsilon", \.normEpsilon) { "\(Float($0))" }
    compare(.numbers, "sliding window", \.slidingWindow) { $0.map(String.init) ?? "none" }
    compare(.numbers, "activation", \.features.activation) { $0.rawValue }
    compare(.numbers, "relative positions", \.relativePositions) { positions in
      positions.map { "\($0.bucketCount) buckets up to a distance of \($0.distanceLimit)" } ?? "none"
    }
    compare(.numbers, "decoder start token", \.decoder) { $0.map { "\($0.startToken)" } ?? "none" }
    compareOptional(.numbers, "attention scale", \.scales.attention)
    compareOptional(.numbers, "attention softcap", \.scales.attentionSoftcap)
    compare(.numbers, "greatest bias of positions", \.scales.alibiLimit) { "\(Float($0))" }
    compareOptional(.numbers, "limit of projections", \.scales.projectionLimit)
    compareOptional(.numbers, "embedding scale", \.scales.embedding)
    compareOptional(.numbers, "residual scale", \.scales.residual)
    compareOptional(.numbers, "logit scale", \.scales.logit)
    compareOptional(.numbers, "logit divisor", \.scales.logitDivisor)
    compareOptional(.numbers, "logit softcap", \.scales.logitSoftcap)
    rest.rotary = reference.rotary
    rest.contextLength = reference.contextLength
    rest.tiesEmbeddings = reference.tiesEmbeddings
    // Whatever else makes the numbers differ is tried as one.
    if rest != reference {
      all.append(
        HyperparameterHypothesis(
          cause: .numbers, place: "numbers", words: "differ from those of the reference", faulty: rest))
    }
    return all
  }
}

extension RotaryScaling {
  /// The scaling with its numbers, as config.json states it.
  fileprivate var words: String { configurationMember?.text(.compact) ?? "none" }
}
