import Tensors

extension GGUF {
  /// The types of values (`enum gguf_type` of gguf.h).
  public enum ValueType: UInt32, Sendable {
    case uint8 = 0
    case int8 = 1
    case uint16 = 2
    case int16 = 3
    case uint32 = 4
    case int32 = 5
    case float32 = 6
    case bool = 7
    case string = 8
    case array = 9
    case uint64 = 10
    case int64 = 11
    case float64 = 12

    /// The bytes of the smallest value: the length of an empty string, the type and count of an empty array.
    var minimumByteCount: Int {
      switch self {
      case .uint8, .int8, .bool: 1
      case .uint16, .int16: 2
      case .uint32, .int32, .float32: 4
      case .uint64, .int64, .float64, .string: 8
      case .array: 12
      }
    }

    /// The name in messages.
    var name: String {
      switch self {
      case .bool: "a boolean"
      case .string: "a string"
      case .array: "an array"
      default: typeName
      }
    }

    /// The name in listings: `u32`, `string`, `array`.
    public var typeName: String {
      switch self {
      case .uint8: "u8"
      case .int8: "i8"
      case .uint16: "u16"
      case .int16: "i16"
      case .uint32: "u32"
      case .int32: "i32"
      case .uint64: "u64"
      case .int64: "i64"
      case .float32: "f32"
      case .float64: "f64"
      case .bool: "bool"
      case .string: "string"
      case .array: "array"
      }
    }
  }
}

extension MetadataValue {
  /// The value's type in GGUF.
  public var type: GGUF.ValueType {
    switch self {
    case .uint8: .uint8
    case .int8: .int8
    case .uint16: .uint16
    case .int16: .int16
    case .uint32: .uint32
    case .int32: .int32
    case .uint64: .uint64
    case .int64: .int64
    case .float32: .float32
    case .float64: .float64
    case .bool: .bool
    case .string: .string
    case .array: .array
    }
  }
}

extension MetadataArray {
  /// The elements' type in GGUF.
  public var elementType: GGUF.ValueType {
    switch self {
    case .uint8: .uint8
    case .int8: .int8
    case .uint16: .uint16
    case .int16: .int16
    case .uint32: .uint32
    case .int32: .int32
    case .uint64: .uint64
    case .int64: .int64
    case .float32: .float32
    case .float64: .float64
    case .bool: .bool
    case .string: .string
    case .array: .array
    }
  }
}
