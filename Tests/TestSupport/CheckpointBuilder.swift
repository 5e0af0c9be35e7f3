import Bytes
import Tensors

/// Makes the bytes of a safetensors file from a literal description, valid or not.
public struct SafeTensorsBytes: Sendable {
  /// The text of the header.
  public var header: String
  /// The bytes behind the header.
  public var data: [UInt8]
  /// The length that stands before the header; nil for the true one.
  public var statedLength: UInt64?

  /// A file with this header and `dataByteCount` bytes of data that count up from 1.
  public init(_ header: String, dataByteCount: Int = 0, statedLength: UInt64? = nil) {
    self.header = header
    data = (0..<dataByteCount).map { UInt8(truncatingIfNeeded: $0 + 1) }
    self.statedLength = statedLength
  }

  /// The file.
  public var bytes: [UInt8] {
    let text = Array(header.utf8)
    return withUnsafeBytes(of: (statedLength ?? UInt64(text.count)).littleEndian, Array.init) + text + data
  }

  /// A header entry: `"name":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`.
  public static func entry(_ name: String, _ type: String, _ shape: [Int], _ begin: Int, _ end: Int) -> String {
    "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":[\(begin),\(end)]}"
  }
}

/// Makes the bytes of a GGUF file from a literal description, valid or not.
public struct GGUFBytes: Sendable {
  /// A tensor's record.
  public struct Record: Sendable {
    /// The bytes of the name, UTF-8 or not.
    public var name: [UInt8]
    /// Fastest-varying first, as in the file.
    public var dimensions: [UInt64]
    /// The id of the storage format.
    public var type: UInt32
    /// Where the data begins, from the start of the data section.
    public var offset: UInt64

    /// A record of the given facts.
    public init(_ name: String, _ dimensions: [UInt64], type: UInt32 = 0, offset: UInt64 = 0) {
      self.name = Array(name.utf8)
      self.dimensions = dimensions
      self.type = type
      self.offset = offset
    }
  }

  /// The first bytes.
  public var magic = Array("GGUF".utf8)
  /// The version, in the file's byte order.
  public var version: UInt32 = 3
  /// The number of tensors in the header; nil for the true one.
  public var declaredTensorCount: UInt64?
  /// The number of pairs in the header; nil for the true one.
  public var statedPairCount: UInt64?
  /// Each pair's bytes; see `pair`.
  public var pairs: [[UInt8]] = []
  /// The tensors' records.
  public var records: [Record] = []
  /// What the header is padded to.
  public var alignment = 32
  /// The bytes behind the header, which count up from 1.
  public var dataByteCount = 0
  /// How numbers are stored.
  public var byteOrder: ByteOrder

  /// An empty file.
  public init(_ byteOrder: ByteOrder = .littleEndian) {
    self.byteOrder = byteOrder
  }

  /// The file up to its data, not padded.
  public var headerBytes: [UInt8] {
    var bytes = magic + number(version)
    bytes += number(declaredTensorCount ?? UInt64(records.count))
    bytes += number(statedPairCount ?? UInt64(pairs.count))
    bytes += pairs.joined()
    for record in records {
      bytes += number(UInt64(record.name.count)) + record.name
      bytes += number(UInt32(record.dimensions.count))
      for extent in record.dimensions { bytes += number(extent) }
      bytes += number(record.type) + number(record.offset)
    }
    return bytes
  }

  /// The file.
  public var bytes: [UInt8] {
    var bytes = headerBytes
    while bytes.count % alignment != 0 { bytes.append(0) }
    return bytes + (0..<dataByteCount).map { UInt8(truncatingIfNeeded: $0 + 1) }
  }

  /// A number in the file's byte order.
  public func number<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    withUnsafeBytes(of: byteOrder == .littleEndian ? value.littleEndian : value.bigEndian, Array.init)
  }

  /// A length and the bytes of a text.
  public func string(_ text: String) -> [UInt8] { number(UInt64(text.utf8.count)) + text.utf8 }

  /// A pair of a key, the number of a type and the value's bytes.
  public func pair(_ key: String, _ type: UInt32, _ value: [UInt8]) -> [UInt8] {
    string(key) + number(type) + value
  }

  /// An array's element type, count and elements.
  public func array(_ type: UInt32, _ elements: [[UInt8]], statedCount: UInt64? = nil) -> [UInt8] {
    number(type) + number(statedCount ?? UInt64(elements.count)) + elements.joined()
  }
}
