import Architectures
import Models

/// A possible fault of one tensor of a candidate, with its correction.
struct FaultHypothesis: Sendable {
  /// The key by which hypotheses become one diagnosis: a fault of all layers is reported once.
  enum Family: Hashable {
    case words(FaultID, String)
    case layer(FaultID, Int?, isDecoder: Bool)
  }

  let fault: any KnownFault
  let slot: TensorSlot
  let words: String
  let correction: any TensorCorrection
  let family: Family

  /// - Parameter family: nil for hypotheses that share their words.
  init(
    _ fault: any KnownFault, _ slot: TensorSlot, _ words: String, correction: any TensorCorrection,
    family: Family? = nil
  ) {
    self.fault = fault
    self.slot = slot
    self.words = words
    self.correction = correction
    self.family = family ?? .words(fault.id, words)
  }
}

/// A hyperparameter of a candidate that differs from the reference's.
struct HyperparameterHypothesis: Sendable {
  let fault: any KnownFault
  let name: String
  let words: String
  /// The reference's hyperparameters with the candidate's value of this one.
  let faulty: Hyperparameters
}
