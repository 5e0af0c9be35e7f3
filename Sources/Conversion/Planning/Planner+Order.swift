import Architectures
import Models
import Tensors

/// Where a tensor stands in what the reference converter reads: file by file, within a file by the bytes of its names.
struct ConverterOrder: Comparable {
  let fileIndex: Int
  let name: TensorName

  static func < (left: Self, right: Self) -> Bool {
    left.fileIndex != right.fileIndex ? left.fileIndex < right.fileIndex : left.name < right.name
  }
}

extension Model {
  /// Where the reference would meet the tensor.
  ///
  /// Files with names that it does not know are put in the order that the same weights have under Hugging Face's names,
  /// so that the GGUF is the same.
  func referencePosition(of tensor: MappedTensor) -> ConverterOrder {
    let name =
      scheme.isReadByReference
      ? tensor.descriptor.name : definition.canonicalName(of: tensor.slot(component: 0))
    return ConverterOrder(fileIndex: tensor.descriptor.fileIndex, name: name)
  }
}

extension NamingScheme {
  /// Whether the names are Hugging Face's, at most with another beginning or those of a variant.
  fileprivate var isReadByReference: Bool { name == "hf" || (base == "hf" && (prefix != nil || condition != nil)) }
}

extension Planner {
  /// Puts the tensors in the order of the output.
  ///
  /// - Into a GGUF from safetensors: as `convert_hf_to_gguf.py` does, derived tensors first.
  /// - From GGUF to GGUF with a format asked for: as llama-quantize does, layer by layer, names by their bytes.
  /// - Otherwise the order of the input, which the safetensors layout then sorts by itself.
  func order(_ tensors: inout [PlannedTensor], _ target: ConversionRequest.Target) {
    guard target == .gguf else { return }
    if model.facts.ggufMetadata == nil {
      orderAsReference(&tensors)
    } else if request.type != .automatic {
      tensors.sort { $0.name.isBeforeByLayer($1.name) }
    } else {
      // Derived tensors were put first; they go back to where the input has them.
      let slots = Dictionary(
        model.checkpoint.tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
      tensors.sort { slots[$0.sourceName ?? $0.name] ?? -1 < slots[$1.sourceName ?? $1.name] ?? -1 }
    }
  }

  /// A tensor is written once the last of what it is made of was read; some wait for each other.
  private func orderAsReference(_ tensors: inout [PlannedTensor]) {
    let groups = model.definition.writtenTogether
    var positions = tensors.map { tensor in tensor.sources.map(model.referencePosition).max() }
    var last: [GroupInLayer: ConverterOrder] = [:]
    let members = tensors.map { tensor in
      groups.firstIndex { $0.contains(tensor.purpose.roles[0]) }.map {
        GroupInLayer(index: $0, layer: tensor.purpose.layer)
      }
    }
    for (member, position) in zip(members, positions) {
      guard let member, let position else { continue }
      last[member] = max(last[member] ?? position, position)
    }
    for index in tensors.indices {
      if let member = members[index], tensors[index].sources.count > 1 { positions[index] = last[member] }
    }
    let ranks = tensors.indices.map { index -> Int in
      let tensor = tensors[index]
      if let member = members[index] { return groups[member.index].firstIndex(of: tensor.purpose.roles[0]) ?? 0 }
      // Of several that come out of one, in the order in which it holds them.
      return tensor.sources.first?.layout.components.firstIndex { $0.role == tensor.purpose.roles[0] } ?? 0
    }
    let order = tensors.indices.sorted { left, right in
      switch (positions[left], positions[right]) {
      case (let one?, let other?) where one != other: one < other
      case (_?, nil): false
      case (nil, _?): true
      default: (ranks[left], left) < (ranks[right], right)
      }
    }
    tensors = order.map { tensors[$0] }
  }
}

/// Tensors of one layer that are written together.
private struct GroupInLayer: Hashable {
  let index: Int
  let layer: Int?
}

extension TensorName {
  /// llama.cpp's order: what is outside layers, then layer by layer, names by their bytes.
  func isBeforeByLayer(_ other: TensorName) -> Bool {
    let layers = (ggufLayer ?? -1, other.ggufLayer ?? -1)
    return layers.0 != layers.1 ? layers.0 < layers.1 : self < other
  }
}
