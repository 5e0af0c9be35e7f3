import Architectures
import Models
import Tensors

/// The storage format of a tensor in a draft.
enum FormatDecision {
  case decided(StorageFormat, rule: String)
  /// A size target chooses it after measuring.
  case undecided
}

/// A tensor of the output while its format is being decided.
struct DraftTensor {
  var name: TensorName
  /// Its roles and layer.
  var purpose: PlannedTensor.Roles
  let source: PlannedTensor.Source
  var shape: Shape
  var decision: FormatDecision
  /// Whether the tensor has no role in the architecture, so that only its name is known.
  var isByName = false
  /// The formats that encode exactly its values, the smallest first, of tensors that several stored tensors encode.
  var exactFormats: [ExactFormat] = []
  /// Its position in the converter's output, where that does not follow from its sources.
  var converterOrder: ConverterOrder?
  /// The weights of its columns; nil if all count equally.
  var importance: TensorImportance?

  /// The index, among the files of the draft's model, of the first file of the checkpoint that its rows are read from.
  var firstInput = 0

  /// A tensor made of rows of the input.
  init(_ name: TensorName, _ purpose: PlannedTensor.Roles, _ reader: RowReader, shape: Shape? = nil) {
    self.name = name
    self.purpose = purpose
    source = .rows(reader)
    self.shape = shape ?? reader.layout.shape
    decision = .decided(reader.format, rule: "kept")
  }

  /// A tensor of F32 values that follow from the hyperparameters.
  init(_ name: TensorName, _ purpose: PlannedTensor.Roles, derived values: [Float], shape: Shape, rule: String) {
    self.name = name
    self.purpose = purpose
    source = .values(values)
    self.shape = shape
    decision = .decided(.f32, rule: rule)
  }

  /// Its rows; nil for a derived tensor.
  var reader: RowReader? { if case .rows(let reader) = source { reader } else { nil } }
  /// The format of the rows that are read; F32 for a derived tensor.
  var readFormat: StorageFormat { reader?.format ?? .f32 }
  /// Whether a size target is still to choose its format.
  var isUndecided: Bool { if case .undecided = decision { true } else { false } }

  /// The format that is decided; before, the tensor's own, as far as GGUF has it.
  var format: StorageFormat {
    switch decision {
    case .decided(let format, _): format
    case .undecided: readFormat.facts.ggmlType == nil ? .f32 : readFormat
    }
  }

  /// The tensor as it is planned.
  var planned: PlannedTensor {
    let rule = if case .decided(_, let rule) = decision { rule } else { "" }
    var tensor = PlannedTensor(
      name: name, purpose: purpose, source: source, format: format, shape: shape, rule: rule,
      isRepacked: repacked != nil, firstInput: firstInput)
    tensor.importance = importance
    return tensor
  }

  /// The tensors of the input that it is made of; none for a derived tensor.
  var sources: [MappedTensor] { reader?.sources ?? [] }
  var byteCount: Int { format.byteCount(elementCount: shape.elementCount) ?? 0 }
}
