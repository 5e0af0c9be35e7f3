import Models
import Quantization
import Tensors

/// The formats that a size target gives the matrices that no option decides on.
public struct FormatAllocation: Sendable, Hashable {
  /// The formats by the names in the output; nil while they are not decided.
  let choices: [TensorName: Recipe.Choice]?
  /// The number of `general.file_type`.
  let fileType: UInt32?

  /// An allocation that is still to be made.
  static let undecided = FormatAllocation(choices: nil, fileType: nil)
  /// Why a tensor has its format before the allocation is made.
  static let undecidedRule = "size target: not decided"

  /// The recipe that stands in: the allocation comes before all its rules.
  var recipe: Recipe { .uniform("size target", fileType: fileType, format: .q4_K) }

  /// The format of a matrix; its own, as far as GGUF has it, while it is not decided.
  func choice(for name: TensorName, of reader: RowReader) -> (format: StorageFormat, rule: String)? {
    guard let choices else {
      return (reader.format.facts.ggmlType == nil ? .f32 : reader.format, Self.undecidedRule)
    }
    return choices[name].map { ($0.format, $0.rule) }
  }
}
