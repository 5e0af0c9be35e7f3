import Architectures
import Tensors

/// A role in a layer, and which of several there: what makes two tensors of different files the same.
public struct TensorPlace: Hashable, Sendable, CustomStringConvertible {
  /// What the tensor is for.
  public let role: TensorRole
  /// The layer; nil outside layers.
  public let layer: Int?
  /// Which of the layer's tensors of this role, such as the expert; nil where there is one.
  public let part: Int?

  /// The place of `role` in `layer`.
  public init(_ role: TensorRole, layer: Int? = nil, part: Int? = nil) {
    self.role = role
    self.layer = layer
    self.part = part
  }

  public var description: String {
    [layer.map { "layer \($0)" }, role.words, part.map(String.init)].compactMap(\.self).joined(separator: " ")
  }
}

/// A stored tensor with its meaning: whose rows it holds, and in which arrangement.
public struct MappedTensor: Sendable {
  /// Its facts in the file.
  public let descriptor: TensorDescriptor
  /// Which of the rules of its scheme it follows, as an index of `Definition.storedRules(in:)`.
  public let ruleIndex: Int
  /// How it holds the rows of canonical tensors.
  public let layout: StoredLayout
  /// The layer; nil outside layers.
  public let layer: Int?
  /// The part that its name states; nil where it holds all parts, or there is one.
  public let part: Int?

  /// The place of the rows of one component, and of one part where parts are stacked.
  public func place(component: Int, part: Int = 0) -> TensorPlace {
    TensorPlace(
      layout.components[component].role, layer: layer, part: layout.partCount == nil ? self.part : part)
  }

  /// The places of all canonical tensors whose rows it holds.
  public var places: [TensorPlace] {
    (0..<(layout.partCount ?? 1)).flatMap { part in
      layout.components.indices.map { place(component: $0, part: part) }
    }
  }
}

/// Where the rows of a canonical tensor are stored.
public struct StoredLocation: Sendable {
  /// The stored tensor, as an index of `Model.tensors`.
  public let tensorIndex: Int
  /// Which of its components, and which stacked part.
  public let component: Int, part: Int
}

extension Definition {
  /// Hugging Face's name of the canonical tensor at `place`: its own, or that of the packed tensor and the role behind
  /// it (`….qkv_proj.weight#attention_query`); the words of the place where Hugging Face has no name for it.
  public func canonicalName(of place: TensorPlace) -> TensorName {
    guard let scheme = scheme("hf"), let rule = storedRules(in: scheme).first(where: { $0.roles.contains(place.role) })
    else { return TensorName("\(place)") }
    let name = rule.patterns[0].name(layer: place.layer, part: place.part)
    if rule.isAlone { return name }
    let part = rule.isPerPart ? nil : place.part.map { "#\($0)" }
    return TensorName(name.text + (part ?? "") + (rule.roles.count > 1 ? "#\(place.role)" : ""))
  }
}
