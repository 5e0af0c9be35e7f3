import Bytes
import Tensors

/// Why tensors of two models are put together.
enum PairingPurpose: Sendable {
  /// The first is a weight delta of the second.
  case delta
  /// They are merged.
  case merge

  /// The first of the two models.
  fileprivate var own: String { self == .delta ? "the weight delta" : "the first model" }
  fileprivate var nextStep: String {
    self == .delta ? "pass the model that it was subtracted from" : "merge models of one architecture and size"
  }
}

/// Two models whose tensors do not fit each other.
enum PairingError: IngotError {
  case architecture(PairingPurpose, own: String, other: String)
  /// The second has no tensor in this slot of the first.
  case missingInOther(PairingPurpose, TensorName, TensorSlot)
  /// The first has no tensor in this slot of the second.
  case missingHere(PairingPurpose, TensorName, TensorSlot)
  case shape(PairingPurpose, TensorName, own: Shape, other: Shape)
  /// The first token that differs.
  case tokens(id: Int, own: String, other: String)
  case tokenCounts(own: Int, other: Int)

  var category: ErrorCategory { .input }

  var description: String {
    switch self {
    case .architecture(let purpose, let own, let other):
      "is of architecture \(other), but \(purpose.own) is of \(own) (\(purpose.nextStep))"
    case .missingInOther(let purpose, let name, let slot):
      "has no \(slot), which \(purpose.own) has as \(name.text.quoted) (\(purpose.nextStep))"
    case .missingHere(let purpose, let name, let slot):
      "tensor \(name.text.quoted): is \(slot), which \(purpose.own) does not have (\(purpose.nextStep))"
    case .shape(let purpose, let name, let own, let other):
      "tensor \(name.text.quoted): has shape \(other), but \(purpose.own) \(own) (\(purpose.nextStep))"
    case .tokens(let id, let own, let other):
      "token \(id.grouped) is \(other.quoted), but \(own.quoted) in the first model (merge models with one tokenizer)"
    case .tokenCounts(let own, let other):
      "has \(counted(other, "token")), but the first model \(own.grouped) (merge models with one tokenizer)"
    }
  }
}
