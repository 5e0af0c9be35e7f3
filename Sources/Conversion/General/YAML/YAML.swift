import Bytes
import OrderedCollections

/// A value of a model card's front matter.
indirect enum YAML: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int)
  case real(Double)
  case string(String)
  /// A date, a sexagesimal number, an integer past 64 bits: something that is not text, and that no key wants.
  case other
  case sequence([YAML])
  /// Entries in file order, by the text of their keys; of equal keys the last one counts.
  case mapping(Mapping)

  typealias Mapping = OrderedDictionary<ExactString, YAML>

  /// The text of a string.
  var string: String? { if case .string(let value) = self { value } else { nil } }
  /// The elements of a sequence.
  var sequence: [YAML]? { if case .sequence(let value) = self { value } else { nil } }
  /// The entries of a mapping.
  var mapping: Mapping? { if case .mapping(let value) = self { value } else { nil } }

  /// Whether Python takes the value for false.
  var isEmpty: Bool {
    switch self {
    case .null: true
    case .bool(let value): !value
    case .integer(let value): value == 0
    case .real(let value): value == 0
    case .string(let value): value.isEmpty
    case .other: false
    case .sequence(let values): values.isEmpty
    case .mapping(let entries): entries.isEmpty
    }
  }

  /// The kind of the value, for messages.
  var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .integer, .real: "a number"
    case .string: "text"
    case .other: "a date or number"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}

/// Text is not of the part of YAML that model cards use.
struct YAMLError: Error, Equatable {
  /// The line on which it shows, the first being 1.
  let line: Int
}
