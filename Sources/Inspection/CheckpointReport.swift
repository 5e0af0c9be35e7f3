import Architectures
import Bytes
import Encodings
import Formats
import Models
import Tensors

/// The report of `ingot inspect`: facts of the headers, and statistics of the data on request.
public struct CheckpointReport: Sendable {
  /// The checkpoint.
  public let checkpoint: Checkpoint
  /// The architecture; nil if identification was not attempted.
  public let recognition: ModelIdentification?
  /// Its elements by storage format, most elements first.
  public let formats: [FormatShare]
  /// The tensors that the filter lets through, in file order unless they are sorted.
  public internal(set) var tensors: [TensorDescriptor]
  /// Whether `tensors` are in an order that was asked for.
  public internal(set) var isSorted = false
  /// Statistics of `tensors`, one for one; nil unless asked for.
  public var statistics: [TensorStatistics?]?

  /// Elements of one storage format.
  public struct FormatShare: Hashable, Sendable {
    /// The format as the file states it.
    public let format: DeclaredFormat
    /// The number of tensors that have it.
    public var tensorCount = 0
    /// Their elements.
    public var elementCount = 0
    /// Their bytes.
    public var byteCount = 0
    /// Their share of all elements, 0…1.
    public var share = 0.0
  }

  /// Creates a report of `checkpoint`; `filter` selects the tensors to list.
  public init(_ checkpoint: Checkpoint, recognition: ModelIdentification? = nil, filter: Glob? = nil) {
    self.checkpoint = checkpoint
    self.recognition = recognition
    formats = Self.shares(checkpoint.stored)
    tensors = filter.map { glob in checkpoint.stored.filter { glob.matches($0.name.text) } } ?? checkpoint.stored
  }

  /// The elements of all tensors: the number of parameters. A composition counts as one tensor.
  public var elementCount: Int { checkpoint.elementCount }
  /// The tensors that several stored tensors encode together, in file order.
  public var compositions: [TensorDescriptor] { checkpoint.tensors.filter { $0.composition != nil } }
  /// Their encodings, in the order in which they first occur, with the number of tensors.
  public var encodings: [(description: String, tensorCount: Int)] {
    compositions.reduce(into: []) { encodings, tensor in
      if let index = encodings.firstIndex(where: { $0.description == tensor.encoding }) {
        encodings[index].tensorCount += 1
      } else {
        encodings.append((tensor.encoding, 1))
      }
    }
  }
  /// The form of weights that are not decoded, so that elements are counted as they are stored.
  public var unreadForm: RecognizedForm? {
    guard case .model(let model) = recognition, let form = model.form, !form.form.isRead else { return nil }
    return form
  }
  /// The bytes of all tensors.
  public var tensorByteCount: Int { formats.reduce(0) { $0 &+ $1.byteCount } }
  /// The facts that people ask for first; nil for what is not a model.
  public var summary: ModelSummary? {
    switch recognition {
    case .model(let model): ModelSummary(model, weightByteCount: tensorByteCount)
    case .unknown: ModelSummary(checkpoint.metadata, weightByteCount: tensorByteCount)
    case .other, nil: nil
    }
  }
  /// The bytes of the files, unpacked and as they are stored.
  public var fileByteCount: Int { checkpoint.storedFiles.reduce(0) { $0 &+ $1.byteCount } }
  public var storedByteCount: Int { checkpoint.storedFiles.reduce(0) { $0 &+ $1.stored.byteCount } }
  /// Bits of tensor data to an element; nil without elements, with a format of unknown size or with packed matrices.
  public var bitsPerWeight: Double? {
    guard elementCount > 0, unreadForm == nil,
      formats.allSatisfy({ $0.format.format != nil || $0.byteCount > 0 })
    else { return nil }
    return Double(tensorByteCount) * 8 / Double(elementCount)
  }

  /// Reads the data of `tensors` and fills `statistics`; a tensor that cannot be decoded gets none.
  public mutating func measure(threads: Int, progress: @escaping @Sendable (Int) -> Void = { _ in }) throws {
    statistics = try checkpoint.statistics(of: tensors, threads: threads, progress: progress)
  }

  /// Facts about the container in words, by name: `byte order`, `version`.
  public var containerFacts: [(words: String, value: String)] {
    checkpoint.containerFacts.sorted { $0.key < $1.key }.map { key, value in
      let words = key.reduce(into: "") { $0 += $1.isUppercase ? " " + $1.lowercased() : String($1) }
      return (words, value)
    }
  }

  /// The shares of `tensors` by storage format, most elements first.
  static func shares(_ tensors: [TensorDescriptor]) -> [FormatShare] {
    var byFormat: [DeclaredFormat: FormatShare] = [:]
    for tensor in tensors {
      var share = byFormat[tensor.declaredFormat] ?? FormatShare(format: tensor.declaredFormat)
      share.tensorCount += 1
      share.elementCount &+= tensor.shape.elementCount
      share.byteCount &+= tensor.byteCount
      byFormat[tensor.declaredFormat] = share
    }
    let total = byFormat.values.reduce(0.0) { $0 + Double($1.elementCount) }
    return byFormat.values.map { share in
      var share = share
      share.share = total > 0 ? Double(share.elementCount) / total : 0
      return share
    }.sorted { ($1.elementCount, $0.format.description) < ($0.elementCount, $1.format.description) }
  }
}
