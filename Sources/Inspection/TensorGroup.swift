import Bytes
import Tensors

/// Tensors of one layer or of one kind, added up.
public struct TensorGroup: Sendable {
  /// What the tensors of a group have in common.
  public enum Kind: String, Sendable, CaseIterable {
    /// The layer: `blk.3`.
    case layer
    /// The name without the numbers of layers and experts: `blk.*.attn_q.weight`.
    case kind
  }

  /// The layer or kind; nil for tensors outside layers.
  public let name: String?
  public let tensorCount: Int, elementCount: Int, byteCount: Int
  /// Their storage formats, most elements first.
  public let formats: [CheckpointReport.FormatShare]

  /// The group's formats with the number of tensors: `5 Q4_K, 2 Q6_K`.
  public var formatWords: String {
    formats.map { "\($0.tensorCount.grouped) \($0.format.description.escapedForDisplay)" }.joined(separator: ", ")
  }

  init(name: String?, _ tensors: [TensorDescriptor]) {
    self.name = name
    tensorCount = tensors.count
    elementCount = tensors.reduce(0) { $0 &+ $1.shape.elementCount }
    byteCount = tensors.reduce(0) { $0 &+ $1.byteCount }
    formats = CheckpointReport.shares(tensors)
  }

  var json: JSON {
    .members([
      "name": name.map { .string($0) } ?? .null, "tensors": .integer(tensorCount), "elements": .integer(elementCount),
      "bytes": .integer(byteCount), "formats": .array(formats.map(\.json)),
    ])
  }
}

/// The order of a list of tensors; groups that have no such value keep theirs.
public enum TensorOrder: String, Sendable, CaseIterable {
  /// By name, the numbers in it by value.
  case name
  /// By bytes, the largest first.
  case size
  /// By elements, the most first.
  case elements
  /// By the name of the storage format.
  case type
  /// By dimensions, the slowest-varying first.
  case shape
}

extension CheckpointReport {
  /// The groups of `tensors`, layers in the order of their numbers.
  public func groups(by kind: TensorGroup.Kind) -> [TensorGroup] {
    var members: [String: [TensorDescriptor]] = [:]
    var names: [String] = []
    for index in tensors.map(\.name.text).indicesInLayerOrder {
      let tensor = tensors[index]
      let name = kind == .layer ? tensor.name.text.layerPrefix ?? "" : tensor.name.text.withoutNumbers
      if members[name] == nil { names.append(name) }
      members[name, default: []].append(tensor)
    }
    return names.map { TensorGroup(name: $0.isEmpty ? nil : $0, members[$0] ?? []) }
  }

  /// The groups in an order.
  public func groups(by kind: TensorGroup.Kind, in order: TensorOrder?) -> [TensorGroup] {
    let groups = groups(by: kind)
    switch order {
    case nil, .shape: return groups
    case .name: return groups.stablySorted { ($0.name ?? "").precedesByNumbers($1.name ?? "") }
    case .size: return groups.stablySorted { $0.byteCount > $1.byteCount }
    case .elements: return groups.stablySorted { $0.elementCount > $1.elementCount }
    case .type: return groups.stablySorted { $0.formatWords < $1.formatWords }
    }
  }

  /// Sorts `tensors`; before statistics are measured.
  public mutating func sort(by order: TensorOrder) {
    isSorted = true
    switch order {
    case .name: tensors = tensors.stablySorted { $0.name.text.precedesByNumbers($1.name.text) }
    case .size: tensors = tensors.stablySorted { $0.byteCount > $1.byteCount }
    case .elements: tensors = tensors.stablySorted { $0.shape.elementCount > $1.shape.elementCount }
    case .type: tensors = tensors.stablySorted { $0.declaredFormat.description < $1.declaredFormat.description }
    case .shape:
      tensors = tensors.stablySorted { $0.shape.dimensions.lexicographicallyPrecedes($1.shape.dimensions) }
    }
  }
}

extension Array {
  /// The elements sorted; equal ones keep their order.
  fileprivate func stablySorted(_ precedes: (Element, Element) -> Bool) -> [Element] {
    enumerated().sorted { left, right in
      if precedes(left.element, right.element) { return true }
      return !precedes(right.element, left.element) && left.offset < right.offset
    }.map(\.element)
  }
}
