import Models
import Tensors

extension TensorDescriptor {
  /// The reference converter's order: file by file, names within a file by their bytes.
  func isBeforeInReference(_ other: TensorDescriptor) -> Bool {
    fileIndex != other.fileIndex ? fileIndex < other.fileIndex : name < other.name
  }
}

extension Planner {
  /// Puts the tensors in the order of the output.
  ///
  /// - Into a GGUF from safetensors: as `convert_hf_to_gguf.py` does, derived tensors first.
  /// - From GGUF to GGUF with a format asked for: as llama-quantize does, layer by layer, names by their bytes.
  /// - Otherwise the order of the input, which the safetensors layout then sorts by itself.
  func order(_ tensors: inout [PlannedTensor], _ target: ConversionRequest.Target) {
    guard target == .gguf else { return }
    if model.checkpoint.container == .safeTensors {
      tensors.sort { left, right in
        switch (left.source, right.source) {
        case (.values, .values), (.rows, .values): false
        case (.values, .rows): true
        case (.rows(let one), .rows(let two)): one.tensor.isBeforeInReference(two.tensor)
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
