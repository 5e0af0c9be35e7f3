import Quantization
import Tensors

/// The storage formats among which a size target chooses.
enum CandidateFormats {
  /// Block formats that are no choice for weights even where they can be encoded.
  ///
  /// Q8_1 and Q8_K are for activations; NVFP4 needs a second scale outside the tensor, which an encoding here lacks.
  private static let excluded: Set<StorageFormat> = [.q8_1, .q8_K, .nvfp4]

  /// The formats that a tensor of `source` may get, those that cannot hold all its values from coarse to fine, and how the
  /// tensor is kept as it is.
  static func formats(source: StorageFormat, rowElementCount: Int, hasImportance: Bool) -> [StorageFormat] {
    let coarser = StorageFormat.allCases.filter { format in
      (format.isQuantized || format == .bf16) && format.bitsPerElement < source.bitsPerElement
        && !excluded.contains(format) && (hasImportance || !Recipe.requiresImportanceAlways(format, for: .other))
        && format.facts.ggmlType != nil && Codec.canEncode(format)
        && rowElementCount % format.elementsPerBlock == 0
    }
    let kept = source.facts.ggmlType == nil ? StorageFormat.f32 : source
    return coarser.sorted { ($0.bitsPerElement, $0.name) < ($1.bitsPerElement, $1.name) } + [kept]
  }
}
