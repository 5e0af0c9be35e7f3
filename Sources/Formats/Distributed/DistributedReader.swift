import Bytes
import Tensors

/// Opens the chunks of a distributed checkpoint, and joins them to tensors.
struct DistributedReader {
  /// First parts of names of what trainers save beside a model.
  private static let trainingParts: Set<String> = [
    "optimizer", "optim", "optimizers", "optimizer_state", "optimizer_state_dict", "lr_scheduler", "scheduler",
    "rng_state", "dataloader", "train_state", "rerun_state_machine",
  ]

  private let folder: any FileTree
  /// The files, and what is gathered from them.
  private(set) var sources: [any ByteSource] = []
  private(set) var tensors: [TensorDescriptor] = []
  private(set) var remarks: [String] = []
  private(set) var fileCount = 0
  private var fileIndices: [ExactString: Int] = [:]

  init(_ folder: any FileTree) { self.folder = folder }

  mutating func read(_ metadata: DistributedMetadata) throws(DistributedError) {
    let (model, prefix) = select(metadata)
    guard !model.isEmpty else { throw .noTensors }
    var names: Set<TensorName> = []
    for tensor in model {
      let name = TensorName(String(tensor.name.dropFirst(prefix.count)))
      guard names.insert(name).inserted else { throw .tensor(name, .repeated) }
      tensors.append(try join(tensor, name))
    }
  }

  /// The tensors of the model, and what their names begin with.
  private mutating func select(
    _ metadata: DistributedMetadata
  ) -> (tensors: [DistributedMetadata.Tensor], prefix: String) {
    func first(_ name: String) -> String { String(name.prefix { $0 != "." }) }
    let own = metadata.tensors.filter { !Self.trainingParts.contains(first($0.name)) }
    let model = own.isEmpty ? metadata.tensors : own
    let beside = Set(metadata.tensors.map { first($0.name) }).subtracting(model.map { first($0.name) })
    var prefix = ""
    while let wrapper = StateDictReader.wrappers.first(where: { wrapper in
      model.allSatisfy { $0.name.dropFirst(prefix.count).hasPrefix(wrapper + ".") }
    }), prefix.count < 64 {
      prefix += wrapper + "."
    }
    if !prefix.isEmpty {
      remarks.append("the model's tensors are those in \(String(prefix.dropLast()).quoted)")
    }
    if !beside.isEmpty {
      let count = metadata.tensors.count - model.count
      remarks.append(
        "\(counted(count, "tensor")) of \(beside.sorted().quotedList(limit: 4)) \(count == 1 ? "is" : "are") not read")
    }
    return (model, prefix)
  }

  /// One tensor of its chunks.
  private mutating func join(
    _ tensor: DistributedMetadata.Tensor, _ name: TensorName
  ) throws(DistributedError) -> TensorDescriptor {
    func defect(_ defect: DistributedError.TensorDefect) -> DistributedError { .tensor(name, defect) }
    guard let shape = Shape(tensor.dimensions) else { throw defect(.overflows) }
    try requireTiling(tensor, shape, name)
    var parts: [TensorDescriptor] = []
    for chunk in tensor.chunks { parts.append(try open(chunk, of: tensor, name)) }
    if parts.count == 1, let range = parts[0].byteRange {
      return TensorDescriptor(name: name, shape: shape, contents: .bytes(tensor.type.format, range))
    }
    let size = tensor.type.elementByteCount
    var boxes: [GatheredSource.Part] = []
    for (chunk, part) in zip(tensor.chunks, parts) {
      guard let range = part.byteRange else { continue }
      boxes.append(
        GatheredSource.Part(
          start: chunk.start, extents: chunk.extents, source: sources[range.fileIndex], offset: range.offset,
          strides: Self.strides(chunk.extents, size)))
    }
    guard
      let source = GatheredSource(
        path: folder.path(of: name.text), shape: tensor.dimensions, elementByteCount: size, parts: boxes)
    else { throw defect(.overflows) }
    sources.append(source)
    return TensorDescriptor(
      name: name, declaredFormat: tensor.type.format, shape: shape, fileIndex: sources.count - 1, fileOffset: 0,
      byteCount: source.byteCount)
  }

  /// The bytes from an index to the next in each dimension of a chunk, which lies within a tensor whose size is known.
  private static func strides(_ extents: [Int], _ size: Int) -> [Int] {
    var stride = size, strides: [Int] = []
    for extent in extents.reversed() {
      strides.append(stride)
      stride *= max(1, extent)
    }
    return strides.reversed()
  }

  /// The chunks must have each element of the tensor once.
  private func requireTiling(
    _ tensor: DistributedMetadata.Tensor, _ shape: Shape, _ name: TensorName
  ) throws(DistributedError) {
    var count = 0
    for chunk in tensor.chunks {
      for (dimension, extent) in tensor.dimensions.enumerated() {
        let (end, overflow) = chunk.start[dimension].addingReportingOverflow(chunk.extents[dimension])
        guard !overflow, end <= extent else { throw .tensor(name, .chunkOutside(chunk.start)) }
      }
      let (sum, overflow) = count.addingReportingOverflow(chunk.extents.reduce(1, *))
      guard !overflow else { throw .tensor(name, .overflows) }
      count = sum
    }
    guard count == shape.elementCount else { throw .tensor(name, .incomplete(found: count, of: shape.elementCount)) }
    let sorted = tensor.chunks.filter { !$0.extents.contains(0) }.sorted {
      $0.start.lexicographicallyPrecedes($1.start)
    }
    for (index, chunk) in sorted.enumerated() {
      // Only chunks that begin before this one ends in the first dimension can share elements with it.
      for other in sorted[(index + 1)...] {
        if let first = other.start.first, let start = chunk.start.first, let extent = chunk.extents.first,
          first >= start + extent
        {
          break
        }
        let areApart = chunk.start.indices.contains { dimension in
          chunk.start[dimension] + chunk.extents[dimension] <= other.start[dimension]
            || other.start[dimension] + other.extents[dimension] <= chunk.start[dimension]
        }
        guard areApart else { throw .tensor(name, .overlap(chunk.start, other.start)) }
      }
    }
  }

  /// Reads the archive of a chunk, which must have one tensor of the chunk's size.
  private mutating func open(
    _ chunk: DistributedMetadata.Chunk, of tensor: DistributedMetadata.Tensor, _ name: TensorName
  ) throws(DistributedError) -> TensorDescriptor {
    let index = try fileIndex(chunk.file), file = sources[index]
    guard chunk.offset <= file.byteCount, chunk.byteCount <= file.byteCount - chunk.offset else {
      throw .tensor(name, .beyondFile(chunk.file, end: chunk.offset &+ chunk.byteCount, byteCount: file.byteCount))
    }
    let header: ParsedHeader
    do throws(PyTorchError) {
      header = try PyTorch.readZip(file, in: chunk.offset..<chunk.offset + chunk.byteCount)
    } catch {
      throw .chunk(chunk.file, offset: chunk.offset, error)
    }
    guard header.tensors.count == 1, header.tensors[0].shape.dimensions == chunk.extents,
      header.tensors[0].declaredFormat == tensor.type.format
    else {
      let found = header.tensors.first.map { "\($0.shape) of \($0.declaredFormat)" } ?? "none"
      let expected = (Shape(chunk.extents)?.description ?? "other sizes") + " of \(tensor.type.format)"
      throw .tensor(name, .chunkContent(chunk.start, found: found, expected: expected))
    }
    let first = sources.count
    sources += header.gathered
    let own = header.tensors[0].fileIndex
    return header.tensors[0].inFile(own == 0 ? index : first + own - 1)
  }

  private mutating func fileIndex(_ name: String) throws(DistributedError) -> Int {
    if let index = fileIndices[ExactString(name)] { return index }
    guard folder.kind(of: name) != nil else { throw .missingFile(name) }
    do throws(FileError) { sources.append(try folder.open(name)) } catch { throw .unreadable(error) }
    fileCount += 1
    fileIndices[ExactString(name)] = sources.count - 1
    return sources.count - 1
  }
}
