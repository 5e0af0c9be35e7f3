import Architectures
import Bytes

/// A number of the candidate that is not the reference's, and the candidate's numbers with that one set right.
struct NumberSuspicion: Sendable {
  let cause: Diagnosis.Cause
  /// The name of the number.
  let place: String
  let words: String
  let corrected: Hyperparameters

  /// The numbers that differ, those that change every layer first.
  static func all(reference: Hyperparameters, candidate: Hyperparameters) -> [NumberSuspicion] {
    var all: [NumberSuspicion] = []
    func add(
      _ cause: Diagnosis.Cause, _ place: String, _ one: String, _ other: String,
      _ change: (inout Hyperparameters) -> Void
    ) {
      guard one != other else { return }
      var corrected = candidate
      change(&corrected)
      all.append(
        NumberSuspicion(
          cause: cause, place: place, words: "is \(one) in the reference, \(other) in the candidate",
          corrected: corrected))
    }
    add(.rotaryBase, "rotary base", "\(Float(reference.rotary.base))", "\(Float(candidate.rotary.base))") {
      $0.rotary.base = reference.rotary.base
    }
    add(
      .rotaryScaling, "rotary scaling", reference.rotary.scaling.words, candidate.rotary.scaling.words
    ) { $0.rotary.scaling = reference.rotary.scaling }
    add(
      .rotaryScaling, "rotary dimension", "\(reference.rotary.dimensionCount)", "\(candidate.rotary.dimensionCount)"
    ) { $0.rotary.dimensionCount = reference.rotary.dimensionCount }
    add(.normEpsilon, "norm epsilon", "\(Float(reference.normEpsilon))", "\(Float(candidate.normEpsilon))") {
      $0.normEpsilon = reference.normEpsilon
    }
    // Whatever else makes the numbers differ is tried as one, with the above set right.
    var rest = candidate
    rest.rotary = reference.rotary
    rest.normEpsilon = reference.normEpsilon
    rest.contextLength = reference.contextLength
    rest.tiesEmbeddings = reference.tiesEmbeddings
    if rest != reference {
      all.append(
        NumberSuspicion(
          cause: .numbers, place: "numbers", words: "differ from those of the reference", corrected: reference))
    }
    return all
  }
}

extension RotaryScaling {
  /// The scaling with its numbers, as config.json states it.
  fileprivate var words: String { configurationMember?.text(.compact) ?? "none" }
}
