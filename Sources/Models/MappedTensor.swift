import Architectures
import Tensors

/// A role in a layer, and which of several there: what makes two tensors of different files the same.
public struct TensorSlot: Hashable, Sendable, CustomStringConvertible {
  /// What the tensor is for.
  public let role: TensorRole
  /// The layer; nil outside layers.
  public let layer: Int?
  /// Which of the layer's tensors of this role, such as the expert; nil where there is one.
  public let instance: Int?

  /// The place of `role` in `layer`.
  public init(_ role: TensorRole, layer: Int? = nil, instance: Int? = nil) {
    self.role = role
    self.layer = layer
    self.instance = instance
  }

  public var description: String {
    [layer.map { "layer \($0)" }, role.words, instance.map(String.init)].compactMap(\.self).joined(separator: " ")
  }
}

/// A stored tensor with its meaning: whose rows it holds, and in which arrangement.
public struct MappedTensor: Sendable {
  /// Its facts in the file.
  public let descriptor: TensorDescriptor
  /// Which of the rules of its scheme it follows, as an index of `ArchitectureDefinition.storedRules(in:)`.
  public let ruleIndex: Int
  /// How it holds the rows of canonical tensors.
  public let layout: StoredLayout
  /// The layer; nil outside layers.
  public let layer: Int?
  /// The part that its name states; nil where it holds all parts, or there is one.
  public let instance: Int?

  /// The place of the rows of one component, and of one part where parts are stacked.
  public func slot(component: Int, instance: Int = 0) -> TensorSlot {
    TensorSlot(
      layout.components[component].role, layer: layer, instance: layout.instanceCount == nil ? self.instance : instance)
  }

  /// The places of all canonical tensors whose rows it holds.
  public var slots: [TensorSlot] {
    (0..<(layout.instanceCount ?? 1)).flatMap { instance in
      layout.components.indices.map { slot(component: $0, instance: instance) }
    }
  }
}

/// Where the rows of a canonical tensor are stored.
public struct StoredLocation: Sendable {
  /// The stored tensor, as an index of `Model.tensors`.
  public let tensorIndex: Int
  /// Which of its components, and which stacked part.
  public let component: Int, instance: Int
  /// What adapters change in it.
  var adaptation = Adaptation()
}

/// What adapters change in a canonical tensor.
struct Adaptation: Sendable {
  /// What they add, in order.
  var updates: [LoRAUpdate] = []
  /// The storage format that the model has it in, if an adapter replaces it.
  var formatBefore: StorageFormat?

  var isEmpty: Bool { updates.isEmpty && formatBefore == nil }
}

extension ArchitectureDefinition {
  /// Hugging Face's name of the canonical tensor at `slot`: its own, or that of the packed tensor and the role behind
  /// it (`….qkv_proj.weight#attention_query`); the words of the place where Hugging Face has no name for it.
  public func canonicalName(of slot: TensorSlot) -> TensorName {
    guard let scheme = scheme("hf"), let rule = storedRules(in: scheme).first(where: { $0.roles.contains(slot.role) })
    else { return TensorName("\(slot)") }
    let name = rule.patterns[0].name(layer: slot.layer, instance: slot.instance)
    if rule.isAlone { return name }
    let instance = rule.isPerInstance ? nil : slot.instance.map { "#\($0)" }
    return TensorName(name.text + (instance ?? "") + (rule.roles.count > 1 ? "#\(slot.role)" : ""))
  }
}
