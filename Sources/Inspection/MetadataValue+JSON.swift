import Bytes
import Formats
import Tensors

extension Metadata {
  /// The pairs whose keys match `glob`, or all, as documented in `docs/json.md`.
  public func json(limit: Int, matching glob: Glob? = nil) -> JSON.Object {
    var members: JSON.Object = [:]
    for (key, value) in pairs where glob?.matches(key.text) ?? true {
      var member = value.json(limit: limit)
      if let words = words(key.text), case .object(var object) = member {
        object["words"] = .string(words)
        member = .object(object)
      }
      members[key] = member
    }
    return members
  }
}

extension MetadataValue {
  /// The value with its type; of arrays the first `limit` elements and the count.
  public func json(limit: Int) -> JSON {
    if case .array(let array) = self {
      return .members([
        "type": .string(type.typeName), "element_type": .string(array.elementType.typeName),
        "count": .integer(array.count),
        "value": .array(array.elements(limit: limit)),
      ])
    }
    return .members(["type": .string(type.typeName), "value": plainJSON])
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
