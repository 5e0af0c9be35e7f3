import Bytes
import Tensors

extension MetadataValue {
  /// The value as the fixtures spell it.
  var fixtureJSON: JSON? {
    switch self {
    case .string(let value): value.text.map(JSON.string)
    case .bool(let value): .bool(value)
    case .array(.string(let values)): .array(values.indices.map { .string(values.text($0)) })
    case .array(.float32(let values)): .array(values.map { .real(Double($0)) })
    case .array(let values): .array((values.integers ?? []).map { .real(Double($0)) })
    default: real.map { .real($0) }
    }
  }
}

extension JSON {
  /// Numbers compared by value rather than by spelling.
  var comparable: JSON {
    switch self {
    case .number(let number): number.real.map { .real($0) } ?? self
    case .array(let values): .array(values.map(\.comparable))
    default: self
    }
  }
}
