import Bytes
import Tensors

/// Joins the tensors of model-parallel shards by the rule for each.
struct ModelParallelJoiner {
  private let path: String
  private let names: [String]
  /// The tensors of each shard, by name; files count through the set.
  private let shards: [[TensorName: TensorDescriptor]]
  /// The tensors of the first shard, in its order.
  private let order: [TensorDescriptor]
  /// The files and what is gathered from them, then the joined tensors.
  private(set) var sources: [any ByteSource] = []

  init(path: String, _ contents: [ParsedHeader]) {
    self.path = path
    names = contents.map(\.file.name)
    var shards: [[TensorName: TensorDescriptor]] = []
    for content in contents {
      let first = sources.count
      let tensors = content.tensors.map { $0.inFile(first + $0.fileIndex) }
      shards.append(Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }))
      sources += [content.file] + content.gathered
    }
    self.shards = shards
    order = contents.first?.tensors.compactMap { shards[0][$0.name] } ?? []
  }

  /// Tensors that are not part of the model, as they are in each shard.
  var leftOut: [TensorName] { order.map(\.name).filter { ModelParallelJoin($0.text) == .leftOut } }

  mutating func join() throws(ModelParallelError) -> [TensorDescriptor] {
    for (shard, name) in zip(shards, names) where shard.count != order.count {
      let extra = shard.keys.filter { shards[0][$0] == nil }.min()
      if let extra { throw .missing(extra, from: names[0]) }
      throw .missing(order.first { shard[$0.name] == nil }?.name ?? "", from: name)
    }
    var joined: [TensorDescriptor] = []
    for tensor in order where ModelParallelJoin(tensor.name.text) != .leftOut { joined.append(try join(tensor.name)) }
    return joined
  }

  private mutating func join(_ name: TensorName) throws(ModelParallelError) -> TensorDescriptor {
    var parts: [TensorDescriptor] = []
    for (shard, file) in zip(shards, names) {
      guard let part = shard[name] else { throw .missing(name, from: file) }
      guard part.declaredFormat == parts.first?.declaredFormat ?? part.declaredFormat else {
        throw .differs(name, "storage format", in: file, from: names[0])
      }
      parts.append(part)
    }
    switch ModelParallelJoin(name.text) {
    case .rows: return try concatenated(parts, dimension: 0)
    case .columns: return try concatenated(parts, dimension: 1)
    case .rowsOrColumns: return try concatenated(parts, dimension: splitDimension(parts[0]))
    case .replicated: return try whole(parts)
    case .leftOut, nil: throw .noRule(name)
    }
  }

  /// The dimension by which an embedding is split: its parts are as wide as the model, which norms tell, or narrower.
  private func splitDimension(_ part: TensorDescriptor) throws(ModelParallelError) -> Int {
    guard let width = shards[0]["norm.weight"]?.shape.elementCount, part.shape.rank == 2 else {
      throw .width(part.name, found: part.shape, shardCount: shards.count, width: nil)
    }
    if part.shape.rowElementCount == width { return 0 }
    let (joined, overflow) = part.shape.rowElementCount.multipliedReportingOverflow(by: shards.count)
    guard !overflow, joined == width else {
      throw .width(part.name, found: part.shape, shardCount: shards.count, width: width)
    }
    return 1
  }

  /// One tensor of the parts, one after the other in `dimension`.
  private mutating func concatenated(
    _ parts: [TensorDescriptor], dimension: Int
  ) throws(ModelParallelError) -> TensorDescriptor {
    let first = parts[0], rank = first.shape.rank
    guard rank == 2, let size = first.format?.bytesPerBlock, first.format?.elementsPerBlock == 1 else {
      throw .notAMatrix(first.name, first.shape)
    }
    var dimensions = first.shape.dimensions, boxes: [GatheredSource.Part] = []
    dimensions[dimension] = 0
    for (part, file) in zip(parts, names) {
      guard part.shape.rank == rank, part.shape.dimensions[1 - dimension] == dimensions[1 - dimension],
        let range = part.byteRange
      else { throw .differs(first.name, "shape", in: file, from: names[0]) }
      var start = [0, 0]
      start[dimension] = dimensions[dimension]
      let (sum, overflow) = dimensions[dimension].addingReportingOverflow(part.shape.dimensions[dimension])
      guard !overflow else { throw .notAMatrix(part.name, part.shape) }
      dimensions[dimension] = sum
      boxes.append(
        GatheredSource.Part(
          start: start, extents: part.shape.dimensions, source: sources[range.fileIndex], offset: range.offset,
          strides: [part.shape.rowElementCount * size, size]))
    }
    guard let shape = Shape(dimensions),
      let source = GatheredSource(
        path: "\(path):\(first.name.text)", shape: dimensions, elementByteCount: size, parts: boxes)
    else { throw .notAMatrix(first.name, first.shape) }
    sources.append(source)
    return TensorDescriptor(
      name: first.name, declaredFormat: first.declaredFormat, shape: shape, fileIndex: sources.count - 1,
      fileOffset: 0, byteCount: source.byteCount)
  }

  /// The tensor of the first shard, which all others must have too.
  private func whole(_ parts: [TensorDescriptor]) throws(ModelParallelError) -> TensorDescriptor {
    for (part, file) in zip(parts, names).dropFirst() {
      guard part.shape == parts[0].shape else { throw .differs(part.name, "shape", in: file, from: names[0]) }
      let areEqual: Bool
      do throws(FileError) { areEqual = try sources.haveEqualBytes(parts[0], part) } catch { throw .unreadable(error) }
      guard areEqual else { throw .differs(part.name, "value", in: file, from: names[0]) }
    }
    return parts[0]
  }
}
