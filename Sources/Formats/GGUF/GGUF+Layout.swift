import Bytes
import Tensors

extension GGUF {
  /// The header and the tensors' offsets of a file to write: version 3, little-endian.
  ///
  /// The bytes are those of the gguf package for the same pairs and tensors: both in the given order; the header and
  /// each tensor, including the last, padded with zeros to the alignment. Writers reserve `fileByteCount` bytes first,
  /// so all padding is zero.
  public struct Layout: Sendable {
    /// The file up to the tensors' data.
    public let header: [UInt8]
    /// The offset of each tensor's bytes in the file, in the given order.
    public let offsets: [Int]
    /// The size of the whole file in bytes.
    public let fileByteCount: Int

    /// Lays out `tensors` in their order; `metadata` may declare `general.alignment`.
    public init(tensors: [OutputTensor], metadata: Metadata) throws(GGUFError) {
      let alignment = try alignment(metadata)
      var header = try Self.header(version: writtenVersion, tensorCount: tensors.count, metadata: metadata)
      var begins: [Int] = []
      begins.reserveCapacity(tensors.count)
      var names: Set<TensorName> = []
      var position = 0
      for tensor in tensors {
        guard names.insert(tensor.name).inserted else { throw .duplicateTensor(tensor.name) }
        let byteCount = try Self.append(tensor, offset: position, to: &header)
        begins.append(position)
        let (end, overflow) = position.addingReportingOverflow(byteCount)
        guard !overflow, let next = end.aligned(to: alignment) else { throw .fileTooLarge }
        position = next
      }
      while header.count % alignment != 0 { header.append(0) }
      let (total, overflow) = header.count.addingReportingOverflow(position)
      guard !overflow else { throw .fileTooLarge }
      let dataOffset = header.count
      self.header = header
      offsets = begins.map { dataOffset + $0 }
      fileByteCount = total
    }

    /// The file up to the records.
    static func header(version: UInt32, tensorCount: Int, metadata: Metadata) throws(GGUFError) -> [UInt8] {
      var header = magic
      header.appendLittleEndian(version)
      header.appendLittleEndian(UInt64(tensorCount))
      header.appendLittleEndian(UInt64(metadata.pairs.count))
      for (key, value) in metadata.pairs {
        try append(key.text, value, to: &header)
      }
      return header
    }

    /// Appends a tensor's record; returns the bytes of its data.
    private static func append(
      _ tensor: OutputTensor, offset: Int, to header: inout [UInt8]
    ) throws(GGUFError) -> Int {
      let name = Array(tensor.name.text.utf8)
      guard name.count <= maximumWrittenNameByteCount else {
        throw .unwritableName(tensor: tensor.name, byteCount: name.count, limit: maximumWrittenNameByteCount)
      }
      guard !name.contains(0) else { throw .nameWithNUL(tensor: tensor.name) }
      guard tensor.shape.rank <= maximumRank else {
        throw .unwritableRank(tensor: tensor.name, rank: tensor.shape.rank, limit: maximumRank)
      }
      guard let type = tensor.format.facts.ggmlType else {
        throw .unwritableFormat(tensor: tensor.name, format: tensor.format)
      }
      guard tensor.shape.rowElementCount % tensor.format.elementsPerBlock == 0 else {
        throw .partialBlock(
          tensor: tensor.name, format: tensor.format, rowElementCount: tensor.shape.rowElementCount)
      }
      guard let byteCount = tensor.byteCount else {
        throw .shapeOverflows(tensor: tensor.name, dimensions: tensor.shape.dimensions)
      }
      header.appendString(name)
      header.appendLittleEndian(UInt32(tensor.shape.rank))
      for extent in tensor.shape.dimensions.reversed() { header.appendLittleEndian(UInt64(extent)) }
      header.appendLittleEndian(type)
      header.appendLittleEndian(UInt64(offset))
      return byteCount
    }

    private static func append(
      _ key: String, _ value: MetadataValue, to header: inout [UInt8]
    ) throws(GGUFError) {
      guard !key.isEmpty else { throw .emptyKey(index: 0) }
      guard key.utf8.count <= maximumNameByteCount else {
        throw .keyTooLong(key, byteCount: key.utf8.count, limit: maximumNameByteCount)
      }
      header.appendString(Array(key.utf8))
      header.appendLittleEndian(value.type.rawValue)
      switch value {
      case .uint8(let value): header.appendLittleEndian(value)
      case .int8(let value): header.appendLittleEndian(value)
      case .uint16(let value): header.appendLittleEndian(value)
      case .int16(let value): header.appendLittleEndian(value)
      case .uint32(let value): header.appendLittleEndian(value)
      case .int32(let value): header.appendLittleEndian(value)
      case .uint64(let value): header.appendLittleEndian(value)
      case .int64(let value): header.appendLittleEndian(value)
      case .float32(let value): header.appendLittleEndian(value.bitPattern)
      case .float64(let value): header.appendLittleEndian(value.bitPattern)
      case .bool(let value): header.append(value ? 1 : 0)
      case .string(let value): header.appendString(value.bytes)
      case .array(let values): try append(values, of: key, depth: 1, to: &header)
      }
    }

    private static func append(
      _ array: MetadataArray, of key: String, depth: Int, to header: inout [UInt8]
    ) throws(GGUFError) {
      guard depth <= maximumArrayDepth else { throw .arrayTooDeep(.value(key: key), limit: maximumArrayDepth) }
      header.appendLittleEndian(array.elementType.rawValue)
      header.appendLittleEndian(UInt64(array.count))
      switch array {
      case .uint8(let values): header.append(contentsOf: values)
      case .int8(let values): for value in values { header.appendLittleEndian(value) }
      case .uint16(let values): for value in values { header.appendLittleEndian(value) }
      case .int16(let values): for value in values { header.appendLittleEndian(value) }
      case .uint32(let values): for value in values { header.appendLittleEndian(value) }
      case .int32(let values): for value in values { header.appendLittleEndian(value) }
      case .uint64(let values): for value in values { header.appendLittleEndian(value) }
      case .int64(let values): for value in values { header.appendLittleEndian(value) }
      case .float32(let values): for value in values { header.appendLittleEndian(value.bitPattern) }
      case .float64(let values): for value in values { header.appendLittleEndian(value.bitPattern) }
      case .bool(let values): for value in values { header.append(value ? 1 : 0) }
      case .string(let values): for value in values { header.appendString(value) }
      case .array(let values):
        for value in values { try append(value, of: key, depth: depth + 1, to: &header) }
      }
    }
  }
}
