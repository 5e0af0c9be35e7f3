import Architectures
import Models
import Tensors

/// A tensor's position in convert_hf_to_gguf.py's input: file by file, within a file by the bytes of its name.
struct ConverterOrder: Comparable {
  let fileIndex: Int
  let name: TensorName

  static func < (left: Self, right: Self) -> Bool {
    left.fileIndex != right.fileIndex ? left.fileIndex < right.fileIndex : left.name < right.name
  }
}

extension Model {
  /// The tensor's position in the converter's input.
  ///
  /// Files with names that it does not know are ordered as the same weights under Hugging Face's names, so that the GGUF
  /// is the same.
  func converterPosition(of tensor: MappedTensor) -> ConverterOrder {
    let name =
      scheme.isReadByReference
      ? tensor.descriptor.name : definition.canonicalName(of: tensor.slot(component: 0))
    return ConverterOrder(fileIndex: checkpoint.storedFileIndex(of: tensor.descriptor), name: name)
  }
}

extension NamingScheme {
  /// Whether the names are Hugging Face's, except for a prefix or those of a variant.
  fileprivate var isReadByReference: Bool {
    name == "hf" || (base == "hf" && (prefix != nil || condition != nil || isTextPart))
  }
}

extension [DraftTensor] {
  /// The tensors in the order in which convert_hf_to_gguf.py writes them: MXFP4 that it repacks, then derived ones, then others.
  ///
  /// A tensor is written once the last of its sources was read (zeros that no file has are none); some wait for each other.
  func orderedAsConverter(_ model: Model) -> [DraftTensor] {
    let groups = model.definition.writtenTogether
    var positions = map { tensor in
      let stored = tensor.sources.filter { $0.descriptor.composition?.sources.isEmpty != true }
      return tensor.converterOrder ?? stored.map(model.converterPosition).max()
    }
    var last: [GroupInLayer: ConverterOrder] = [:]
    let members = map { tensor in
      groups.firstIndex { $0.contains(tensor.purpose.roles[0]) }.map {
        GroupInLayer(index: $0, layer: tensor.purpose.layer)
      }
    }
    for (member, position) in zip(members, positions) {
      guard let member, let position else { continue }
      last[member] = Swift.max(last[member] ?? position, position)
    }
    for index in indices {
      if let member = members[index], self[index].sources.count > 1 { positions[index] = last[member] }
    }
    let ranks = indices.map { index -> Int in
      let tensor = self[index]
      if let member = members[index] { return groups[member.index].firstIndex(of: tensor.purpose.roles[0]) ?? 0 }
      // Several tensors made of one keep their order in it.
      return tensor.sources.first?.layout.components.firstIndex { $0.role == tensor.purpose.roles[0] } ?? 0
    }
    let isRepacked = map { $0.repacked?.format == .mxfp4 }
    let order = indices.sorted { left, right in
      if isRepacked[left] != isRepacked[right] { return isRepacked[left] }
      return switch (positions[left], positions[right]) {
      case (let one?, let other?) where one != other: one < other
      case (_?, nil): false
      case (nil, _?): true
      default: (ranks[left], left) < (ranks[right], right)
      }
    }
    return order.map { self[$0] }
  }
}

/// Tensors of one layer that are written together.
private struct GroupInLayer: Hashable {
  let index: Int
  let layer: Int?
}

extension TensorName {
  /// llama.cpp's order: tensors outside layers, then layer by layer, names by their bytes.
  func isBeforeByLayer(_ other: TensorName) -> Bool {
    let layers = (ggufLayer ?? -1, other.ggufLayer ?? -1)
    return layers.0 != layers.1 ? layers.0 < layers.1 : self < other
  }
}
