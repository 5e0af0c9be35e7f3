import Bytes
import Tensors

/// A weight delta and a model that do not fit each other.
enum DeltaError: IngotError {
  case architecture(delta: String, base: String)
  /// The base has no tensor in this slot of the delta.
  case missingInBase(TensorName, TensorSlot)
  /// The delta has no tensor in this slot of the base.
  case missingInDelta(TensorName, TensorSlot)
  case shape(TensorName, delta: Shape, base: Shape)

  var category: ErrorCategory { .input }

  var description: String {
    switch self {
    case .architecture(let delta, let base):
      "is of architecture \(base), but the weight delta is of \(delta) (pass the model that it was subtracted from)"
    case .missingInBase(let name, let slot):
      "has no \(slot), which the weight delta has as \(name.text.quoted) (pass the model that it was subtracted from)"
    case .missingInDelta(let name, let slot):
      "tensor \(name.text.quoted): is \(slot), which the weight delta does not have (fetch the delta again)"
    case .shape(let name, let delta, let base):
      "tensor \(name.text.quoted): has shape \(base), but the weight delta \(delta) (pass the model that it was subtracted"
        + " from)"
    }
  }
}
