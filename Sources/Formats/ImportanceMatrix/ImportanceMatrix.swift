import Bytes
import Tensors

/// An importance matrix: the squared input activations of every column of a model's matrices, measured on text, as
/// llama-imatrix writes them.
///
/// Opening validates every value but keeps none, so memory does not grow with the model; `importance` reads the values
/// of a range.
public struct ImportanceMatrix: Sendable {
  /// The container of the file.
  public enum Container: String, Sendable {
    /// Raw sums and counts as tensors, with metadata.
    case gguf = "GGUF"
    /// The older binary format: means times the number of passes.
    case legacy = "dat"

    /// What counts are numbers of.
    public var countUnit: String {
      switch self {
      case .gguf: "rows"
      case .legacy: "passes"
      }
    }
  }

  /// The measurement of one tensor of the model.
  public struct Entry: Sendable, Hashable {
    /// The tensor's name in a GGUF.
    public let name: TensorName
    /// The number of values: one for each column, expert after expert.
    public let valueCount: Int
    /// How many rows of activations were summed: one count for all, or one for each expert of a stack. In the legacy
    /// container the number of passes.
    public let counts: [Int]
    /// The offset of the values in the file.
    let fileOffset: Int
    /// The indices of counts whose values are all zero although rows were counted: a damaged file, or activations too
    /// small for float32.
    public internal(set) var zeroExperts: [Int] = []

    /// The values that share a count.
    var valuesPerCount: Int { valueCount / counts.count }
    /// The indices of counts that are zero: experts to which no token of the text was routed.
    public var unusedExperts: [Int] { counts.indices.filter { counts[$0] == 0 } }
    /// Whether every value is zero although rows were counted: as good as no entry.
    public var hasOnlyZeros: Bool { zeroExperts.count == counts.count }
    /// Whether no value says anything: zeros, or experts that were never used.
    public var isEmpty: Bool { Set(zeroExperts).union(unusedExperts).count == counts.count }
  }

  /// The file as the user named it.
  public let path: String
  public let container: Container
  /// The entries, in the file's order.
  public internal(set) var entries: [Entry]
  /// The names of the texts on which it was measured.
  public let datasets: [ByteString]
  /// The number of chunks of text that were used; nil if the file does not say.
  public let chunkCount: Int?
  /// Tokens per chunk; nil if the file does not say.
  public let chunkSize: Int?

  private let file: any ByteSource
  private let indexByName: [TensorName: Int]

  init(
    _ file: any ByteSource, _ container: Container, entries: [Entry], datasets: [ByteString], chunkCount: Int?,
    chunkSize: Int?
  ) {
    self.file = file
    path = file.path
    self.container = container
    self.entries = entries
    self.datasets = datasets
    self.chunkCount = chunkCount
    self.chunkSize = chunkSize
    indexByName = Dictionary(entries.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The entry of the tensor called `name`.
  public func entry(_ name: TensorName) -> Entry? { indexByName[name].map { entries[$0] } }

  /// The same file with only the entries that `isIncluded` accepts.
  public func filtered(_ isIncluded: (TensorName) -> Bool) -> ImportanceMatrix {
    ImportanceMatrix(
      file, container, entries: entries.filter { isIncluded($0.name) }, datasets: datasets, chunkCount: chunkCount,
      chunkSize: chunkSize)
  }

  /// The importance of the columns `elements`, counted through all experts: the mean of the squares.
  ///
  /// As llama-quantize has it, columns whose count is zero get 1 in a GGUF; sums of the legacy format are divided
  /// by the number of passes if there is one. Columns of `zeroExperts` get 1 too: a weight of 0 for every column
  /// would quantize a matrix to zeros.
  public func importance(of entry: Entry, _ elements: Range<Int>) throws(FileError) -> [Float] {
    var values = try file.floats(at: entry.fileOffset + elements.lowerBound * 4, count: elements.count)
    for (index, element) in elements.enumerated() {
      let expert = element / entry.valuesPerCount
      let count = entry.counts[expert]
      if entry.zeroExperts.contains(expert) {
        values[index] = 1
      } else if count > 0 {
        values[index] /= Float(count)
      } else if container == .gguf {
        values[index] = 1
      }
    }
    return values
  }

  /// Throws if the file changed since it was opened.
  public func requireUnchanged() throws(FileError) { try file.requireUnchanged() }
}
