import Bytes
import OrderedCollections

/// The key-value pairs of a checkpoint, in file order, with the types of GGUF.
public struct Metadata: Sendable, Hashable {
  /// The pairs; keys are compared by bytes.
  public var pairs: OrderedDictionary<ExactString, MetadataValue>

  /// Creates metadata without pairs.
  public init() { pairs = [:] }

  /// The value of `key`; assigning nil removes it.
  public subscript(_ key: String) -> MetadataValue? {
    get { pairs[ExactString(key)] }
    set { pairs[ExactString(key)] = newValue }
  }
}

/// A value of metadata.
public enum MetadataValue: Sendable, Hashable {
  case uint8(UInt8)
  case int8(Int8)
  case uint16(UInt16)
  case int16(Int16)
  case uint32(UInt32)
  case int32(Int32)
  case uint64(UInt64)
  case int64(Int64)
  case float32(Float)
  case float64(Double)
  case bool(Bool)
  /// The bytes of a string, usually but not always UTF-8.
  case string(ByteString)
  case array(MetadataArray)
}

/// An array of metadata, stored compactly: a vocabulary has a hundred thousand elements.
public enum MetadataArray: Sendable, Hashable {
  case uint8([UInt8])
  case int8([Int8])
  case uint16([UInt16])
  case int16([Int16])
  case uint32([UInt32])
  case int32([Int32])
  case uint64([UInt64])
  case int64([Int64])
  case float32([Float])
  case float64([Double])
  case bool([Bool])
  case string(PackedStrings)
  /// Arrays of arrays, of any element types.
  case array([MetadataArray])

  /// The number of elements.
  public var count: Int {
    switch self {
    case .uint8(let values): values.count
    case .int8(let values): values.count
    case .uint16(let values): values.count
    case .int16(let values): values.count
    case .uint32(let values): values.count
    case .int32(let values): values.count
    case .uint64(let values): values.count
    case .int64(let values): values.count
    case .float32(let values): values.count
    case .float64(let values): values.count
    case .bool(let values): values.count
    case .string(let values): values.count
    case .array(let values): values.count
    }
  }
}

/// The bytes of a string that need not be UTF-8.
public struct ByteString: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
  public let bytes: [UInt8]

  /// Creates a string of these bytes.
  public init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }
  /// The UTF-8 bytes of `text`.
  public init(_ text: String) { bytes = Array(text.utf8) }
  public init(stringLiteral value: String) { self.init(value) }

  /// The string if the bytes are UTF-8.
  public var text: String? { String(validating: bytes, as: UTF8.self) }
  public var description: String { String(decoding: bytes, as: UTF8.self) }
}
