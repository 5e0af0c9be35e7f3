import Architectures
import Formats
import Models
import Tensors

/// A tensor of the output.
public struct PlannedTensor: Sendable {
  /// The source of the values.
  public enum Source: Sendable {
    /// Rows of input tensors, in the order of the output.
    case rows(RowReader)
    /// Values that follow from the hyperparameters.
    case values([Float])
  }

  /// The roles, layer and instance.
  public struct Roles: Sendable {
    /// The canonical tensors whose rows it contains, in order.
    public let roles: [TensorRole]
    /// The layer; nil outside layers.
    public let layer: Int?
    /// The instance; nil if it has all instances, or there is one.
    public let instance: Int?

    /// The roles as the definition names them: `attention_query+attention_key+attention_value`.
    public var name: String { roles.map(\.rawValue).joined(separator: "+") }
  }

  public let name: TensorName
  public let purpose: Roles
  public let source: Source
  public let format: StorageFormat
  public let shape: Shape
  /// The rule that gives it the format, in words.
  public let rule: String
  /// Whether the codes and scales of several stored tensors become blocks with the same values.
  public let isRepacked: Bool
  /// The weights of its columns; nil if they are equal or the format uses none.
  public internal(set) var importance: TensorImportance?
  /// The offset of its first byte in the file.
  public var fileOffset = 0
  /// The byte ranges that are copied unchanged; empty if the tensor is encoded.
  public let copyRanges: [TensorCopyRange]
  /// The index, among the files of the plan's source, of the first file of the checkpoint that its rows are read from.
  let firstInput: Int

  init(
    name: TensorName, purpose: Roles, source: Source, format: StorageFormat, shape: Shape, rule: String,
    isRepacked: Bool = false, firstInput: Int = 0
  ) {
    self.firstInput = firstInput
    self.isRepacked = isRepacked
    self.name = name
    self.purpose = purpose
    self.source = source
    self.format = format
    self.shape = shape
    self.rule = rule
    if case .rows(let reader) = source, reader.rows.format == format {
      copyRanges = reader.rows.copyRanges ?? []
    } else {
      copyRanges = []
    }
  }

  public var byteCount: Int { declaration.byteCount ?? 0 }
  /// The tensor as a writer declares it.
  public var declaration: OutputTensor { OutputTensor(name: name, format: format, shape: shape) }

  /// The input tensors whose rows it contains; none for a derived tensor.
  public var sources: [MappedTensor] { if case .rows(let reader) = source { reader.sources } else { [] } }
  /// The first of their names; nil for a derived tensor.
  public var sourceName: TensorName? { sources.first?.descriptor.name }
  /// The storage format in the input, of the first tensor; F32 for a derived tensor.
  public var sourceFormat: StorageFormat { sources.first?.descriptor.format ?? .f32 }
  /// The encoding of the first of them, in words: its storage format, or the description of a composition.
  public var sourceEncoding: String { sources.first?.descriptor.encoding ?? StorageFormat.f32.name }
  /// The stored tensors that compositions among them are made of.
  public var composedOf: [TensorName] {
    sources.flatMap { $0.descriptor.composition?.sources.map(\.name) ?? [] }
  }
  /// The change of its rows, in words.
  public var transform: String { if case .rows(let reader) = source { reader.description } else { "derived" } }
  /// Whether the bytes are copied unchanged.
  public var isCopy: Bool { !copyRanges.isEmpty }
}
