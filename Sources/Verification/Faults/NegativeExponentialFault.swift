import Architectures
import Models
import Tensors

/// The decay rates of a recurrent layer are stored as logarithms where the naming scheme has `-e^x`, or the reverse.
struct NegativeExponentialFault: KnownFault {
  let id = FaultID.negativeExponential
  let summary = "decay rates lack the negative exponential of the naming scheme, or have it applied twice"
  let detection = FaultDetection.sampledRows

  func hypotheses(about tensor: SuspectTensor) -> [FaultHypothesis] {
    let slot = tensor.slot, model = tensor.candidate.model
    guard let location = model.tensor(slot),
      let index = location.layout.components.firstIndex(where: { $0.role == slot.role }),
      location.layout.components[index].form == .negativeExponential
    else { return [] }
    return [
      FaultHypothesis(
        self, slot, "lacks the negative exponential of its naming scheme", correction: ValuesAsStored()),
      FaultHypothesis(
        self, slot, "has the negative exponential applied twice",
        correction: ChangedElements { Float(DeterministicMath.naturalLogarithm(Double(-$0))) }),
    ]
  }
}

extension FaultID {
  public static let negativeExponential = Self("negative_exponential")
}
