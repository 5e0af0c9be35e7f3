import Architectures
import Models
import Tensors

extension Model {
  /// The reference converter's order: file by file, within a file by the bytes of the Hugging Face names.
  ///
  /// Files with other names are put in the order that the same weights have under these, so that the GGUF is the same.
  func isBeforeInReference(_ left: TensorPlace, file: Int, _ right: TensorPlace, file other: Int) -> Bool {
    guard file == other else { return file < other }
    return canonicalName(left) < canonicalName(right)
  }

  private func canonicalName(_ place: TensorPlace) -> TensorName {
    guard let rule = definition.rule(place.role), let scheme = definition.scheme("hf"),
      let pattern = definition.pattern(of: rule, in: scheme)
    else { return TensorName(place.role.rawValue) }
    return pattern.name(layer: place.layer)
  }
}

extension Planner {
  /// Puts the tensors in the order of the output.
  ///
  /// - Into a GGUF from safetensors: as `convert_hf_to_gguf.py` does, derived tensors first.
  /// - From GGUF to GGUF with a format asked for, and by a recipe: as llama-quantize does, layer by layer, names by their
  ///   bytes.
  /// - Otherwise the order of the input, which the safetensors layout then sorts by itself.
  func order(_ tensors: inout [PlannedTensor], _ target: ConversionRequest.Target) {
    guard target == .gguf else { return }
    if model.checkpoint.container == .safeTensors, recipe == nil {
      tensors.sort { left, right in
        switch (left.source, right.source) {
        case (.values, .values), (.rows, .values): false
        case (.values, .rows): true
        case (.rows(let one), .rows(let two)):
          model.isBeforeInReference(left.place, file: one.tensor.fileIndex, right.place, file: two.tensor.fileIndex)
        }
      }
    } else if request.type != .automatic {
      tensors.sort { left, right in
        let layers = (left.place.layer ?? -1, right.place.layer ?? -1)
        return layers.0 != layers.1 ? layers.0 < layers.1 : left.name < right.name
      }
    } else {
      // Derived tensors were put first; they go back to where the input has them.
      let places = Dictionary(
        model.checkpoint.tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
      tensors.sort { places[$0.sourceName ?? $0.name] ?? -1 < places[$1.sourceName ?? $1.name] ?? -1 }
    }
  }
}
