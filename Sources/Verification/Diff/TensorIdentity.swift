import Architectures
import Models
import Tensors

/// The identity by which tensors of two checkpoints match: their slot, or their name without a definition.
public enum TensorIdentity: Sendable, Hashable, CustomStringConvertible {
  case slot(TensorSlot)
  case name(TensorName)

  public var slot: TensorSlot? {
    if case .slot(let slot) = self { slot } else { nil }
  }

  /// The same without layer and instance: what the tensors of all layers and experts share.
  public var kind: Self {
    switch self {
    case .slot(let slot): .slot(TensorSlot(slot.role))
    case .name: self
    }
  }

  /// The tensor as the subject of a finding.
  public var subject: Finding.Subject {
    switch self {
    case .slot(let slot): .slot(slot)
    case .name(let name): .tensor(name)
    }
  }

  /// `layer 1 attention query`, or the name.
  public var description: String { subject.description }
}
