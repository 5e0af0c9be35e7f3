import Bytes
import Formats
import Tensors

/// A GGUF in F32 whose numbers follow from SplitMix64, as the generators of `fixtures/recipes` and `fixtures/imatrix` write it.
public struct SeededGGUF: Sendable {
  private let tensors: [OutputTensor]
  private let metadata: Metadata

  /// A model of `tensors`, in the order in which the numbers are drawn.
  public init(_ tensors: [(name: String, shape: Shape)], metadata: Metadata) {
    self.tensors = tensors.map { OutputTensor(name: TensorName($0.name), format: .f32, shape: $0.shape) }
    self.metadata = metadata
  }

  /// The whole file.
  public func bytes() throws -> [UInt8] {
    var generator = SeededGenerator(seed: 0)
    return try Self.bytes(tensors, metadata, &generator)
  }

  /// Writes the file to `path`, with zeros in place of the numbers if asked.
  public func write(to path: String, zeros: Bool = false) throws {
    let layout = try GGUF.Layout(tensors: tensors, metadata: metadata)
    let file = try AtomicFile(path, overwrite: .replace)
    try file.reserve(layout.fileByteCount)
    try file.write(layout.header, at: 0)
    var generator = SeededGenerator(seed: 0)
    for (tensor, offset) in zip(tensors, layout.offsets) where !zeros {
      try file.write(Self.numbers(tensor.shape.elementCount, &generator), at: offset)
    }
    try file.commit()
  }

  /// Writes it in shards of `count` tensors, and returns their names.
  public func write(inShardsOf count: Int, to folder: TemporaryFolder, stem: String) throws -> [String] {
    var generator = SeededGenerator(seed: 0)
    let starts = Array(stride(from: 0, to: tensors.count, by: count))
    let names = ShardName.names(stem: stem, count: starts.count, suffix: ".gguf")
    for (index, start) in starts.enumerated() {
      let shard = Array(tensors[start..<min(tensors.count, start + count)])
      let pairs = GGUF.splitMetadata(metadata, index: index, count: starts.count, tensorCount: tensors.count)
      try folder.write(try Self.bytes(shard, pairs, &generator), to: names[index])
    }
    return names
  }

  private static func bytes(
    _ tensors: [OutputTensor], _ metadata: Metadata, _ generator: inout SeededGenerator
  ) throws -> [UInt8] {
    let layout = try GGUF.Layout(tensors: tensors, metadata: metadata)
    var bytes = layout.header
    bytes.reserveCapacity(layout.fileByteCount)
    for (tensor, offset) in zip(tensors, layout.offsets) {
      bytes += repeatElement(0, count: offset - bytes.count)
      bytes += numbers(tensor.shape.elementCount, &generator)
    }
    return bytes + repeatElement(0, count: layout.fileByteCount - bytes.count)
  }

  /// `count` numbers of 24 bits between -1/4 and 1/4, as the file has them.
  private static func numbers(_ count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 * count)
    for _ in 0..<count {
      let value = (Float(generator.next() >> 40) - 0x1p23) * 0x1p-25
      withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }
    return bytes
  }
}
