import Bytes

/// Which container a checkpoint is stored in.
public enum Container: String, Sendable, CaseIterable {
  case safeTensors = "safetensors"
  case gguf = "GGUF"
}

/// An opened checkpoint: its files, metadata and tensors in file order, whatever the container and however many shards.
///
/// Readers in `Formats` make it; everything else asks it. Nothing of the tensors' data is read until asked for.
public struct Checkpoint: Sendable {
  /// The container.
  public let container: Container
  /// The path the user named.
  public let path: String
  /// The files of the set, in order.
  public let files: [any ByteSource]
  /// Metadata of the set (of the first file that has any, for shard sets).
  public let metadata: Metadata
  /// All tensors, file by file, in the order of each file's header.
  public let tensors: [TensorDescriptor]
  /// Facts about the container itself, such as `version` or `alignment`, for `inspect`.
  public let containerFacts: [String: String]
  /// What is allowed but worth saying: bytes behind the data, gaps.
  public let remarks: [String]

  private let indexByName: [TensorName: Int]

  /// Collects what a reader found; names must be unique.
  public init(
    container: Container, path: String, files: [any ByteSource], metadata: Metadata, tensors: [TensorDescriptor],
    containerFacts: [String: String] = [:], remarks: [String] = []
  ) {
    self.container = container
    self.path = path
    self.files = files
    self.metadata = metadata
    self.tensors = tensors
    self.containerFacts = containerFacts
    self.remarks = remarks
    indexByName = Dictionary(tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The tensor called `name`.
  public func tensor(_ name: TensorName) -> TensorDescriptor? {
    indexByName[name].map { tensors[$0] }
  }

  /// Reads `count` bytes of `tensor`'s data, from byte `offset` of the tensor on, into the head of `slab`.
  public func read(
    _ tensor: TensorDescriptor, from offset: Int, count: Int, into slab: inout [UInt8]
  ) throws(FileError) {
    try files[tensor.fileIndex].read(at: tensor.fileOffset + offset, count: count, into: &slab)
  }

  /// Reads pieces of `tensor`'s data that begin `stride` bytes apart, the first at byte `offset` of the tensor, one behind
  /// the other into `slab` from byte `position` on.
  public func read(
    _ tensor: TensorDescriptor, pieces pieceCount: Int, of pieceByteCount: Int, from offset: Int, stride: Int,
    into slab: inout [UInt8], at position: Int
  ) throws(FileError) {
    let pieces = StridedPieces(
      count: pieceCount, byteCount: pieceByteCount, offset: tensor.fileOffset + offset, stride: stride)
    try files[tensor.fileIndex].read(pieces, into: &slab, at: position)
  }

  /// The sum of all tensors' elements.
  public var elementCount: Int { tensors.reduce(0) { $0 &+ $1.shape.elementCount } }
  /// The sum of all tensors' bytes.
  public var tensorByteCount: Int { tensors.reduce(0) { $0 &+ $1.byteCount } }
}
