import Bytes

/// The container of a checkpoint.
public enum Container: String, Sendable, CaseIterable {
  case safeTensors = "safetensors"
  case gguf = "GGUF"
  case pyTorch = "PyTorch"
  case numPy = "NumPy"
  case legacyGGML = "GGML"
  case mlc = "MLC"
  /// A distributed checkpoint of PyTorch (DCP).
  case distributed = "DCP"
}

/// An opened checkpoint: files, metadata and tensors of all shards, in file order.
///
/// Readers in `Formats` create it. Tensor data is read on request only.
public struct Checkpoint: Sendable {
  public let container: Container
  /// The path the user named.
  public let path: String
  /// The sources that byte ranges refer to by index: the files of the set in order, and among them what is unpacked or
  /// gathered from them.
  public let files: [any ByteSource]
  /// The files of the set, in order.
  public let storedFiles: [any ByteSource]
  /// Metadata of the set (of the first file that has any, for shard sets).
  public let metadata: Metadata
  /// All tensors, file by file, in the order of each file's header; a composition in place of its first source.
  public let tensors: [TensorDescriptor]
  /// All tensors as stored, also the sources of compositions.
  public let stored: [TensorDescriptor]
  /// Stored tensors that no tensor is made of, with the reason.
  public let unused: [(tensor: TensorDescriptor, reason: String)]
  /// Facts about the container itself, such as `version` or `alignment`, for `inspect`.
  public let containerFacts: [String: String]
  /// Valid but unusual facts: trailing bytes, gaps.
  public let remarks: [String]
  /// The digests of files that an index states, for `check`.
  public let fileDigests: [FileDigestStatement]

  private let indexByName: [TensorName: Int]
  /// For each of `files`, the first of `storedFiles` that has its bytes.
  private let storedFileIndices: [Int]

  /// Creates a checkpoint of tensors with unique names.
  public init(
    container: Container, path: String, files: [any ByteSource], metadata: Metadata, tensors: [TensorDescriptor],
    stored: [TensorDescriptor]? = nil, unused: [(tensor: TensorDescriptor, reason: String)] = [],
    containerFacts: [String: String] = [:], remarks: [String] = [], fileDigests: [FileDigestStatement] = []
  ) {
    self.container = container
    self.path = path
    self.files = files
    (storedFiles, storedFileIndices) = Self.storedFiles(of: files)
    self.metadata = metadata
    self.tensors = tensors
    self.stored = stored ?? tensors
    self.unused = unused
    self.containerFacts = containerFacts
    self.remarks = remarks
    self.fileDigests = fileDigests
    indexByName = Dictionary(tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The distinct files that store the bytes of `files`, by path, and for each of `files` the first of them.
  private static func storedFiles(of files: [any ByteSource]) -> ([any ByteSource], [Int]) {
    var stored: [any ByteSource] = []
    var indexByPath: [ExactString: Int] = [:]
    let indices = files.map { file in
      file.storedFiles.map { part in
        let path = ExactString(part.path)
        if let index = indexByPath[path] { return index }
        indexByPath[path] = stored.count
        stored.append(part)
        return stored.count - 1
      }.first ?? 0
    }
    return (stored, indices)
  }

  /// The index in `storedFiles` of the file with the first bytes of `tensor`.
  public func storedFileIndex(of tensor: TensorDescriptor) -> Int {
    storedFileIndices.indices.contains(tensor.fileIndex) ? storedFileIndices[tensor.fileIndex] : 0
  }

  /// Returns the tensor with this name.
  public func tensor(_ name: TensorName) -> TensorDescriptor? {
    indexByName[name].map { tensors[$0] }
  }

  /// Returns the same files with `tensors`, which are made of the stored ones, and further `unused` ones and `remarks`.
  public func replacing(
    tensors: [TensorDescriptor], unused: [(tensor: TensorDescriptor, reason: String)] = [], remarks: [String] = []
  ) -> Checkpoint {
    Checkpoint(
      container: container, path: path, files: files, metadata: metadata, tensors: tensors, stored: stored,
      unused: self.unused + unused, containerFacts: containerFacts, remarks: self.remarks + remarks,
      fileDigests: fileDigests)
  }

  /// Returns the same files and tensors with other metadata.
  public func replacing(metadata: Metadata) -> Checkpoint {
    Checkpoint(
      container: container, path: path, files: files, metadata: metadata, tensors: tensors, stored: stored,
      unused: unused, containerFacts: containerFacts, remarks: remarks, fileDigests: fileDigests)
  }

  /// Reads `count` bytes of `range`, from its byte `offset`, into the head of `slab`.
  public func read(
    _ range: ByteRange, from offset: Int, count: Int, into slab: inout [UInt8]
  ) throws(FileError) {
    try files[range.fileIndex].read(at: range.offset + offset, count: count, into: &slab)
  }

  /// Reads byte ranges of `range` that begin `stride` bytes apart, the first at its byte `offset`, into `slab` one after the
  /// other from byte `position`.
  public func read(
    _ range: ByteRange, ranges rangeCount: Int, of rangeByteCount: Int, from offset: Int, stride: Int,
    into slab: inout [UInt8], at position: Int
  ) throws(FileError) {
    let ranges = StridedRanges(
      count: rangeCount, byteCount: rangeByteCount, offset: range.offset + offset, stride: stride)
    try files[range.fileIndex].read(ranges, into: &slab, at: position)
  }

  /// The sum of all tensors' elements.
  public var elementCount: Int { tensors.reduce(0) { $0 &+ $1.shape.elementCount } }
  /// The sum of all stored tensors' bytes.
  public var tensorByteCount: Int { stored.reduce(0) { $0 &+ $1.byteCount } }
}
