import Bytes
import Models
import Tensors

/// The facts about a folder of GGUF files that their publisher tells in its README.
///
/// Sizes, digests and metadata come from the files; figures from a comparison and commands from receipts, each matched by
/// the SHA-256 of the files, so that those of other files are not used.
public struct ModelCard: Sendable {
  /// A file and its SHA-256.
  public struct File: Sendable, Hashable {
    /// The path within the folder.
    public let name: String
    public let byteCount: Int
    /// 64 hexadecimal digits.
    public let sha256: String
  }

  /// A model: one file, or the shards of a split GGUF.
  public struct Entry: Sendable {
    /// The files, in order.
    public let files: [File]
    /// The preset or storage format that the file states: `Q4_K_M`; nil without one.
    public let type: String?
    /// Bits of tensor data to an element; nil without elements.
    public let bitsPerWeight: Double?
    /// Each storage format with its share of the tensor data's bytes, the greatest first.
    public let formats: [(name: String, share: Double)]
    /// The importance matrix that it was quantized with, if its metadata or receipt names one.
    public let imatrix: Imatrix?
    /// Its entry in the comparison.
    public let figures: Figures?
    /// The conversion that wrote it, by its receipt.
    public let conversion: Conversion?

    /// The name of the model: that of its first file.
    public var name: String { files[0].name }
    public var byteCount: Int { files.reduce(0) { $0 + $1.byteCount } }
  }

  /// An importance matrix that a file was quantized with.
  public struct Imatrix: Sendable, Hashable {
    /// The name of its file, without folders.
    public var name: String?
    /// From the receipt, or from a file of this name in the folder.
    public var sha256: String?
    public var dataset: String?
    public var entryCount: Int?, chunkCount: Int?
  }

  /// The path of the folder.
  public let path: String
  /// The models, sorted by size, the largest first.
  public let entries: [Entry]
  /// GGUF files that are something else, such as importance matrices and projectors, with the kind they state.
  public let others: [(file: File, kind: String)]
  /// What the figures were measured on.
  public let measurement: Measurement?
  /// What could not be used.
  public let messages: [String]
}
