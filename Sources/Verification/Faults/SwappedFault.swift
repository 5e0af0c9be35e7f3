import Architectures
import Models

/// Two tensors of the same shape are swapped.
struct SwappedFault: KnownFault {
  let id = FaultID.swapped
  let summary = "two tensors are swapped: gate and up, two experts, two layers"
  let detection = FaultDetection.sampledRows

  func hypotheses(about tensor: SuspectTensor) -> [FaultHypothesis] {
    let slot = tensor.slot
    return others(tensor).map { other in
      FaultHypothesis(
        self, slot, "is swapped with another tensor: expected the values of \(other)",
        correction: OtherSlot(slot: other),
        family: .layer(id, slot.layer, isDecoder: slot.role.belongs(to: .decoder)))
    }
  }

  /// Slots of the candidate with the same shape: other instances, other roles of the layer, the same role in other
  /// layers.
  private func others(_ tensor: SuspectTensor) -> [TensorSlot] {
    let slot = tensor.slot
    return tensor.candidate.model.slots.filter { other in
      guard other != slot, tensor.reference.shape(of: other) == tensor.shape else { return false }
      return other.layer == slot.layer || (other.role == slot.role && other.instance == slot.instance)
    }
  }
}

extension FaultID {
  public static let swapped = Self("swapped")
}
