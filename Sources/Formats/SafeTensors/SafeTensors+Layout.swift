import Bytes
import Tensors

extension SafeTensors {
  /// The header and the tensors' offsets of a file to write.
  ///
  /// The bytes are those of the safetensors package for the same tensors: sorted by `storageOrder`, then by name, unless
  /// their order is given; metadata first; the header padded with spaces to a multiple of 8. The package does not define the order of
  /// metadata; here the given order is kept. Empty metadata is omitted.
  public struct Layout: Sendable {
    /// The header's length and the header.
    public internal(set) var header: [UInt8]
    /// The offset of each tensor's bytes in the file, in the order of the given tensors.
    public internal(set) var offsets: [Int]
    /// The size of the whole file in bytes.
    public internal(set) var fileByteCount: Int

    /// The order of the tensors in a file.
    public enum Order: Sendable {
      /// That of the safetensors package.
      case package
      /// That in which they are given, if the bytes of each are then aligned to its elements; otherwise that of the package.
      case given
    }

    /// Lays out `tensors`, in any order, with metadata whose values are strings.
    public init(
      tensors: [OutputTensor], metadata: Metadata, order wanted: Order = .package
    ) throws(SafeTensorsError) {
      let ranks = Dictionary(uniqueKeysWithValues: storageOrder.enumerated().map { ($1, $0) })
      var names: Set<TensorName> = []
      var order: [(rank: Int, index: Int)] = []
      order.reserveCapacity(tensors.count)
      for (index, tensor) in tensors.enumerated() {
        guard let rank = ranks[tensor.format] else {
          throw .unwritableFormat(tensor: tensor.name, format: tensor.format)
        }
        guard tensor.name.text != metadataKey else { throw .reservedName }
        guard names.insert(tensor.name).inserted else { throw .duplicateKey(tensor.name.text) }
        order.append((rank, index))
      }
      if wanted == .package || !Self.areAligned(tensors) {
        order.sort {
          $0.rank != $1.rank ? $0.rank < $1.rank : tensors[$0.index].name < tensors[$1.index].name
        }
      }
      let (members, begins, dataByteCount) = try Self.entries(tensors, order.map(\.index))
      let header = try Self.header((metadata.pairs.isEmpty ? [] : [try member(metadata)]) + members)
      let (total, overflow) = header.count.addingReportingOverflow(dataByteCount)
      guard !overflow else { throw .fileTooLarge }
      self.header = header
      offsets = begins.map { header.count + $0 }
      fileByteCount = total
    }

    /// Whether tensors that follow each other in this order begin at multiples of their element's size.
    private static func areAligned(_ tensors: [OutputTensor]) -> Bool {
      var end = 0
      return tensors.allSatisfy { tensor in
        defer { end &+= tensor.byteCount ?? 0 }
        return end.isMultiple(of: max(1, tensor.format.facts.bytesPerBlock))
      }
    }

    /// The header's members for the tensors in file order, and each tensor's offset in the data section.
    private static func entries(
      _ tensors: [OutputTensor], _ order: [Int]
    ) throws(SafeTensorsError) -> (members: [String], begins: [Int], byteCount: Int) {
      var members: [String] = []
      members.reserveCapacity(order.count)
      var begins = [Int](repeating: 0, count: tensors.count)
      var position = 0
      for index in order {
        let tensor = tensors[index]
        guard tensor.shape.elementCount % tensor.format.elementsPerBlock == 0 else {
          throw .partialByte(tensor: tensor.name, format: tensor.format, elementCount: tensor.shape.elementCount)
        }
        guard let byteCount = tensor.byteCount else {
          throw .shapeOverflows(tensor: tensor.name, dimensions: tensor.shape.dimensions)
        }
        let (end, overflow) = position.addingReportingOverflow(byteCount)
        guard !overflow else { throw .fileTooLarge }
        let name = JSON.string(tensor.name.text).text(.compact)
        let dimensions = tensor.shape.dimensions.map(String.init).joined(separator: ",")
        members.append(
          "\(name):{\"dtype\":\"\(tensor.format.name)\",\"shape\":[\(dimensions)],\"data_offsets\":[\(position),\(end)]}"
        )
        begins[index] = position
        position = end
      }
      return (members, begins, position)
    }

    private static func header(_ members: [String]) throws(SafeTensorsError) -> [UInt8] {
      var text = Array("{\(members.joined(separator: ","))}".utf8)
      while text.count % dataAlignment != 0 { text.append(UInt8(ascii: " ")) }
      return try SafeTensors.header(text)
    }
  }

  /// Returns the metadata as a member of the header.
  static func member(_ metadata: Metadata) throws(SafeTensorsError) -> String {
    var object = JSON.Object()
    for (key, value) in metadata.pairs {
      guard let text = value.text else { throw .metadataNotText(key: key.text, found: value.type.name) }
      object[key] = .string(text)
    }
    return "\"\(metadataKey)\":" + JSON.object(object).text(.compact)
  }

  /// Returns a header: the length of its text, then the text.
  static func header(_ text: [UInt8]) throws(SafeTensorsError) -> [UInt8] {
    guard text.count <= maximumHeaderByteCount else {
      throw .headerTooLarge(byteCount: UInt64(text.count), limit: maximumHeaderByteCount)
    }
    var header: [UInt8] = []
    header.appendLittleEndian(UInt64(text.count))
    return header + text
  }
}
