import Bytes
import Tensors

extension MetadataValue {
  /// The name of this value's type: `u32`, `string`, `array`.
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

  /// The value with its type; of arrays the first `limit` elements and the count.
  public func json(limit: Int) -> JSON {
    if case .array(let array) = self {
      return .members([
        "type": .string(typeName), "element_type": .string(array.elementTypeName), "count": .integer(array.count),
        "value": .array(array.elements(limit: limit)),
      ])
    }
    return .members(["type": .string(typeName), "value": plainJSON])
  }

  /// The value alone, arrays whole.
  public var plainJSON: JSON {
    switch self {
    case .uint8(let value): .integer(value)
    case .int8(let value): .integer(value)
    case .uint16(let value): .integer(value)
    case .int16(let value): .integer(value)
    case .uint32(let value): .integer(value)
    case .int32(let value): .integer(value)
    case .uint64(let value): .integer(value)
    case .int64(let value): .integer(value)
    case .float32(let value): value.json
    case .float64(let value): .real(value)
    case .bool(let value): .bool(value)
    case .string(let value): .string(value.description)
    case .array(let array): .array(array.elements(limit: .max))
    }
  }
}

extension MetadataArray {
  /// The name of the elements' type.
  public var elementTypeName: String {
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

  /// The first `limit` elements; of arrays within, everything.
  public func elements(limit: Int) -> [JSON] {
    switch self {
    case .uint8(let values): values.prefix(limit).map { .integer($0) }
    case .int8(let values): values.prefix(limit).map { .integer($0) }
    case .uint16(let values): values.prefix(limit).map { .integer($0) }
    case .int16(let values): values.prefix(limit).map { .integer($0) }
    case .uint32(let values): values.prefix(limit).map { .integer($0) }
    case .int32(let values): values.prefix(limit).map { .integer($0) }
    case .uint64(let values): values.prefix(limit).map { .integer($0) }
    case .int64(let values): values.prefix(limit).map { .integer($0) }
    case .float32(let values): values.prefix(limit).map(\.json)
    case .float64(let values): values.prefix(limit).map { .real($0) }
    case .bool(let values): values.prefix(limit).map { .bool($0) }
    case .string(let values): values.prefix(limit).map { .string(String(decoding: $0, as: UTF8.self)) }
    case .array(let values): values.prefix(limit).map { .array($0.elements(limit: limit)) }
    }
  }
}

extension Float {
  /// The shortest decimal that reads back as this float, as a JSON number; null if it is not finite.
  var json: JSON {
    guard isFinite else { return .null }
    return .real(Double("\(self)") ?? Double(self))
  }
}
