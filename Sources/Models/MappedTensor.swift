import Architectures
import Tensors

/// A role in a layer, and which of several there: what makes two tensors of different files the same.
public struct TensorSlot: Hashable, Sendable, CustomStringConvertible {
  /// The role.
  public let role: TensorRole
  /// The layer; nil outside layers.
  public let layer: Int?
  /// The index among the layer's tensors of this role, such as the expert; nil if there is one.
  public let instance: Int?

  /// The slot of `role` in `layer`.
  public init(_ role: TensorRole, layer: Int? = nil, instance: Int? = nil) {
    self.role = role
    self.layer = layer
    self.instance = instance
  }

  public var description: String {
    [layer.map { "layer \($0)" }, role.words, instance.map(String.init)].compactMap(\.self).joined(separator: " ")
  }
}

/// A stored tensor with its role and layout: the canonical rows that it contains, in order.
public struct MappedTensor: Sendable {
  /// Its facts in the file.
  public let descriptor: TensorDescriptor
  /// The index of its rule in `ArchitectureDefinition.storedRules(in:)`.
  public let ruleIndex: Int
  /// The canonical rows that it contains, in order.
  public let layout: StoredLayout
  /// The layer; nil outside layers.
  public let layer: Int?
  /// The instance in its name; nil if it has all instances, or there is one.
  public let instance: Int?

  /// The slot of one component, in one instance if instances are stacked.
  public func slot(component: Int, instance: Int = 0) -> TensorSlot {
    TensorSlot(
      layout.components[component].role, layer: layer, instance: layout.instanceCount == nil ? self.instance : instance)
  }

  /// The slots of all canonical tensors whose rows it contains.
  public var slots: [TensorSlot] {
    (0..<(layout.instanceCount ?? 1)).flatMap { instance in
      layout.components.indices.map { slot(component: $0, instance: instance) }
    }
  }
}

/// The stored location of the rows of a canonical tensor.
public struct StoredLocation: Sendable {
  /// The stored tensor, as an index of `Model.tensors`.
  public let tensorIndex: Int
  /// The indices of the component and the instance in it.
  public let component: Int, instance: Int
  /// The changes that adapters make.
  var adaptation = Adaptation()
}

/// The changes that adapters make to a canonical tensor.
struct Adaptation: Sendable {
  /// The updates that are added, in order.
  var updates: [any RowUpdate] = []
  /// The storage format in the model, if an adapter replaces the tensor.
  var formatBefore: StorageFormat?

  var isEmpty: Bool { updates.isEmpty && formatBefore == nil }
}

extension ArchitectureDefinition {
  /// Hugging Face's name of the canonical tensor at `slot`: its own, or that of the fused tensor and the role
  /// (`….qkv_proj.weight#attention_query`); the slot in words if Hugging Face has no name for it.
  public func canonicalName(of slot: TensorSlot) -> TensorName {
    guard let scheme = scheme("hf"), let rule = storedRules(in: scheme).first(where: { $0.roles.contains(slot.role) })
    else { return TensorName("\(slot)") }
    let name = rule.name(layer: slot.layer, instance: slot.instance)
    if rule.isAlone { return name }
    let instance = rule.isPerInstance ? nil : slot.instance.map { "#\($0)" }
    return TensorName(name.text + (instance ?? "") + (rule.roles.count > 1 ? "#\(slot.role)" : ""))
  }
}
