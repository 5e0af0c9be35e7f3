import Bytes
import Tensors

/// Parses strings as values of one GGUF type.
public enum MetadataValueParser: Sendable, Hashable, CustomStringConvertible {
  case scalar(GGUF.ValueType)
  case array(GGUF.ValueType)

  /// The names of all types: `u32`, `string`, `[string]`, ….
  public static let names: [String] = scalars.map(\.typeName) + scalars.map { "[\($0.typeName)]" }

  private static let scalars: [GGUF.ValueType] = [
    .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64, .float32, .float64, .bool, .string,
  ]

  /// The type with this name; brackets make it an array.
  public init?(_ name: String) {
    let isArray = name.hasPrefix("[") && name.hasSuffix("]")
    let inner = isArray ? String(name.dropFirst().dropLast()) : name
    guard let type = Self.scalars.first(where: { $0.typeName == inner }) else { return nil }
    self = isArray ? .array(type) : .scalar(type)
  }

  /// The type of an existing value; nil for arrays of arrays.
  public init?(of value: MetadataValue) {
    guard case .array(let array) = value else {
      self = .scalar(value.type)
      return
    }
    guard array.elementType != .array else { return nil }
    self = .array(array.elementType)
  }

  /// The conventional type of a key; nil for keys without a convention.
  ///
  /// The conventions are those of gguf's `constants.py`: strings under `general.` and `tokenizer.chat_template`, ids
  /// and booleans of the tokenizer.
  public init?(conventionOf key: String) {
    switch key {
    case "general.tags", "general.languages", "general.datasets", "tokenizer.chat_templates": self = .array(.string)
    case "general.file_type", "general.quantization_version": self = .scalar(.uint32)
    case "tokenizer.ggml.model", "tokenizer.ggml.pre": self = .scalar(.string)
    case "tokenizer.ggml.add_space_prefix", "tokenizer.ggml.remove_extra_whitespaces": self = .scalar(.bool)
    default:
      if key.hasPrefix("tokenizer.ggml."), key.hasSuffix("_token_id") {
        self = .scalar(.uint32)
      } else if key.hasPrefix("tokenizer.ggml.add_"), key.hasSuffix("_token") {
        self = .scalar(.bool)
      } else if key.hasPrefix("tokenizer.chat_template.") || key == "tokenizer.chat_template" {
        self = .scalar(.string)
      } else if key.hasPrefix("general."), !key.hasSuffix(".count") {
        self = .scalar(.string)
      } else {
        return nil
      }
    }
  }

  public var description: String {
    switch self {
    case .scalar(let type): type.typeName
    case .array(let type): "[\(type.typeName)]"
    }
  }

  /// Parses `text`: a number, `true` or `false`, any string unchanged, or a JSON array of these.
  ///
  /// - Throws: `.unreadableValue` for a string of another type, or a number out of range.
  public func value(_ text: String) throws(MetadataEditingError) -> MetadataValue {
    switch self {
    case .scalar(let type):
      guard let value = Self.scalar(text, type) else { throw .unreadableValue(text, type: description) }
      return value
    case .array(let type):
      guard let elements = (try? JSON(parsing: Array(text.utf8)))?.array,
        let array = Self.array(elements, type)
      else { throw .unreadableValue(text, type: "\(description), a JSON array") }
      return .array(array)
    }
  }

  private static func scalar(_ text: String, _ type: GGUF.ValueType) -> MetadataValue? {
    switch type {
    case .uint8: UInt8(text).map { .uint8($0) }
    case .int8: Int8(text).map { .int8($0) }
    case .uint16: UInt16(text).map { .uint16($0) }
    case .int16: Int16(text).map { .int16($0) }
    case .uint32: UInt32(text).map { .uint32($0) }
    case .int32: Int32(text).map { .int32($0) }
    case .uint64: UInt64(text).map { .uint64($0) }
    case .int64: Int64(text).map { .int64($0) }
    case .float32: Float(text).map { .float32($0) }
    case .float64: Double(text).map { .float64($0) }
    case .bool: Bool(text).map { .bool($0) }
    case .string: .string(ByteString(text))
    case .array: nil
    }
  }

  private static func array(_ elements: [JSON], _ type: GGUF.ValueType) -> MetadataArray? {
    func all<Element>(_ element: (JSON) -> Element?) -> [Element]? {
      let values = elements.compactMap(element)
      return values.count == elements.count ? values : nil
    }
    func integers<Element: FixedWidthInteger>(_: Element.Type) -> [Element]? {
      all { if case .number(let number) = $0 { Element(number.text) } else { nil } }
    }
    return switch type {
    case .uint8: integers(UInt8.self).map { .uint8($0) }
    case .int8: integers(Int8.self).map { .int8($0) }
    case .uint16: integers(UInt16.self).map { .uint16($0) }
    case .int16: integers(Int16.self).map { .int16($0) }
    case .uint32: integers(UInt32.self).map { .uint32($0) }
    case .int32: integers(Int32.self).map { .int32($0) }
    case .uint64: integers(UInt64.self).map { .uint64($0) }
    case .int64: integers(Int64.self).map { .int64($0) }
    case .float32: all { if case .number(let number) = $0 { Float(number.text) } else { nil } }.map { .float32($0) }
    case .float64: all(\.real).map { .float64($0) }
    case .bool: all(\.bool).map { .bool($0) }
    case .string: all(\.string).map { .string(PackedStrings($0)) }
    case .array: nil
    }
  }
}
