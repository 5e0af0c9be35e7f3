import Architectures
import Formats
import Models
import Tensors

/// A tensor that will be written.
public struct PlannedTensor: Sendable {
  /// Where the values come from.
  public enum Source: Sendable {
    /// Rows of input tensors, in the order of the output.
    case rows(RowReader)
    /// Numbers that follow from the parameters.
    case values([Float])
  }

  /// What it is for, and where.
  public struct Roles: Sendable {
    /// The canonical tensors whose rows it holds, in order.
    public let roles: [TensorRole]
    /// The layer; nil outside layers.
    public let layer: Int?
    /// The part; nil where it holds all parts, or there is one.
    public let instance: Int?

    /// The roles in words of the definition: `attention_query+attention_key+attention_value`.
    public var name: String { roles.map(\.rawValue).joined(separator: "+") }
  }

  /// Its name in the output.
  public let name: TensorName
  /// What it is for.
  public let purpose: Roles
  /// Where it comes from.
  public let source: Source
  /// Its storage format in the output.
  public let format: StorageFormat
  /// Its extents.
  public let shape: Shape
  /// Why it has this format.
  public let rule: String
  /// How much its columns matter; nil if they count the same or the format does not weigh them.
  public internal(set) var importance: TensorImportance?
  /// Where its bytes begin in the file.
  public var fileOffset = 0
  /// The byte ranges that are copied unchanged; empty if the tensor is encoded.
  public let copyRuns: [TensorCopyRange]

  init(name: TensorName, purpose: Roles, source: Source, format: StorageFormat, shape: Shape, rule: String) {
    self.name = name
    self.purpose = purpose
    self.source = source
    self.format = format
    self.shape = shape
    self.rule = rule
    if case .rows(let reader) = source, reader.rows.format == format {
      copyRuns = reader.rows.copyRanges ?? []
    } else {
      copyRuns = []
    }
  }

  /// Its bytes in the output.
  public var byteCount: Int { declaration.byteCount ?? 0 }
  /// What a writer needs to know.
  public var declaration: OutputTensor { OutputTensor(name: name, format: format, shape: shape) }

  /// The tensors of the input that it is made of; none for a derived tensor.
  public var sources: [MappedTensor] { if case .rows(let reader) = source { reader.sources } else { [] } }
  /// The first of their names; nil for a derived tensor.
  public var sourceName: TensorName? { sources.first?.descriptor.name }
  /// The storage format in the input, of the first tensor; F32 for a derived tensor.
  public var sourceFormat: StorageFormat { sources.first?.descriptor.format ?? .f32 }
  /// How the first of them is encoded, in words: its storage format, or what a composition says of itself.
  public var sourceEncoding: String { sources.first?.descriptor.encoding ?? StorageFormat.f32.name }
  /// The stored tensors that compositions among them are made of.
  public var composedOf: [TensorName] {
    sources.flatMap { $0.descriptor.composition?.sources.map(\.name) ?? [] }
  }
  /// How its rows come about, in words.
  public var transform: String { if case .rows(let reader) = source { reader.description } else { "derived" } }
  /// Whether the bytes go from file to file as they are.
  public var isCopy: Bool { !copyRuns.isEmpty }
}
