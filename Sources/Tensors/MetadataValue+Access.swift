import Bytes

extension MetadataValue {
  /// The contents of a string that is UTF-8.
  public var text: String? { if case .string(let value) = self { value.text } else { nil } }
  /// The value of a boolean.
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  /// The elements of an array.
  public var array: MetadataArray? { if case .array(let value) = self { value } else { nil } }
  /// The elements of an array of strings.
  public var strings: PackedStrings? { if case .array(.string(let value)) = self { value } else { nil } }

  /// The elements of an array of numbers, booleans or strings as single values.
  public var elements: [MetadataValue]? {
    guard case .array(let values) = self else { return nil }
    return switch values {
    case .float32(let values): values.map { .float32($0) }
    case .float64(let values): values.map { .float64($0) }
    case .bool(let values): values.map { .bool($0) }
    case .string(let values): values.map { .string(ByteString($0)) }
    case .array: nil
    default: values.integers?.map { .int64(Int64($0)) }
    }
  }

  /// The value of any integer type that fits an `Int`.
  public var integer: Int? {
    switch self {
    case .uint8(let value): Int(value)
    case .int8(let value): Int(value)
    case .uint16(let value): Int(value)
    case .int16(let value): Int(value)
    case .uint32(let value): Int(value)
    case .int32(let value): Int(value)
    case .uint64(let value): Int(exactly: value)
    case .int64(let value): Int(value)
    default: nil
    }
  }

  /// The value of any number.
  public var real: Double? {
    switch self {
    case .float32(let value): Double(value)
    case .float64(let value): value
    default: integer.map(Double.init)
    }
  }
}

extension MetadataArray {
  /// The elements of an array of any integer type.
  public var integers: [Int]? {
    switch self {
    case .uint8(let values): values.map(Int.init)
    case .int8(let values): values.map(Int.init)
    case .uint16(let values): values.map(Int.init)
    case .int16(let values): values.map(Int.init)
    case .uint32(let values): values.map(Int.init)
    case .int32(let values): values.map(Int.init)
    case .uint64(let values): values.map { Int(clamping: $0) }
    case .int64(let values): values.map(Int.init)
    default: nil
    }
  }
}

extension Metadata {
  /// The value of `key` as a JSON-like text for messages and comparison tables.
  public func display(_ key: String) -> String? { self[key]?.display() }
}

extension MetadataValue {
  /// The value as one line: strings quoted and escaped, arrays cut after `limit` elements.
  public func display(limit: Int = 6) -> String {
    switch self {
    case .string(let value): value.description.quoted
    case .bool(let value): value ? "true" : "false"
    case .float32(let value): "\(value)"
    case .float64(let value): "\(value)"
    case .array(let values): values.display(limit: limit)
    default: integer.map { "\($0)" } ?? "\(self)"
    }
  }
}

extension MetadataArray {
  /// The first `limit` elements and the count of all.
  public func display(limit: Int) -> String {
    let shown: [String] =
      switch self {
      case .string(let values): values.prefix(limit).map { String(decoding: $0, as: UTF8.self).quoted }
      case .float32(let values): values.prefix(limit).map { "\($0)" }
      case .float64(let values): values.prefix(limit).map { "\($0)" }
      case .bool(let values): values.prefix(limit).map { "\($0)" }
      case .array(let values): values.prefix(limit).map { $0.display(limit: limit) }
      default: integers.map { $0.prefix(limit).map(String.init) } ?? []
      }
    let more = count > shown.count ? ", … \(count.grouped) in all" : ""
    return "[\(shown.joined(separator: ", "))\(more)]"
  }
}
