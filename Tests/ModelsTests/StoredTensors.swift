import Architectures
import Bytes
import Formats
import Quantization
import Tensors
import TestSupport

@testable import Models

/// A checkpoint of small tensors whose values count up, and rows of layouts made of them.
struct StoredTensors {
  private let folder = TemporaryFolder()
  let checkpoint: Checkpoint

  /// Tensors of `shape` in `format`; the values of each continue those of the one before, from 1.
  init(_ tensors: [(name: String, format: StorageFormat, shape: [Int])]) throws {
    var entries: [String] = []
    var data: [UInt8] = []
    var next: Float = 1
    for tensor in tensors {
      let count = tensor.shape.reduce(1, *)
      let values = (0..<count).map { next + Float($0) }
      next += Float(count)
      let bytes = try Codec.encode(tensor.format, values)
      entries.append(
        SafeTensorsBytes.entry(tensor.name, tensor.format.name, tensor.shape, data.count, data.count + bytes.count))
      data += bytes
    }
    var file = SafeTensorsBytes("{\(entries.joined(separator: ","))}")
    file.data = data
    checkpoint = try Checkpoint.open(folder.write(file.bytes, to: "model.safetensors"))
  }

  /// A stored tensor in a layout.
  func mapped(_ index: Int, _ layout: StoredLayout) -> MappedTensor {
    MappedTensor(descriptor: checkpoint.tensors[index], ruleIndex: 0, layout: layout, layer: nil, instance: nil)
  }

  /// The rows of `layout`, gathered from `sources`.
  ///
  /// - Parameter format: the format of their bytes; nil to decode.
  func gatherer(
    _ layout: StoredLayout, _ sources: [MappedTensor], _ origins: [RowOrigin], format: StorageFormat?
  ) -> RowGatherer {
    RowGatherer(
      checkpoint: checkpoint, map: RowMap(layout: layout, sources: sources, origins: origins), format: format)
  }
}

extension StoredLayout {
  /// One matrix of some role.
  static func matrix(
    _ rowCount: Int, _ columnCount: Int, order: RowOrder = .canonical, addend: Float = 0, isTransposed: Bool = false
  ) throws -> StoredLayout {
    try StoredLayout(
      components: [.init(role: .attentionQuery, rowCount: rowCount, order: order, form: .plus(addend))],
      columnCount: columnCount, transposedBlockCount: isTransposed ? 1 : nil)
  }
}

extension RowSource {
  /// The values of `rows`, checked to be the same whether or not they are read as bytes.
  func floats(_ rows: Range<Int>, of rowElementCount: Int) throws -> [Float] {
    var buffers = RowBuffers()
    try readValues(rows, into: &buffers)
    return Array(buffers.values.floats.prefix(rows.count * rowElementCount))
  }

  /// The bytes of `rows`.
  func bytes(_ rows: Range<Int>, of rowElementCount: Int) throws -> [UInt8] {
    var buffers = RowBuffers()
    try readBytes(rows, into: &buffers)
    return Array(buffers.bytes.prefix(format?.byteCount(elementCount: rows.count * rowElementCount) ?? 0))
  }
}
