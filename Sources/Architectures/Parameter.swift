import Bytes
import Tensors

/// A number of a model, a yes or no, a word, or a list of these (often one for each layer).
public enum ParameterValue: Hashable, Sendable, CustomStringConvertible {
  case integer(Int)
  case real(Double)
  case bool(Bool)
  case text(String)
  case list([ParameterValue])

  public var description: String {
    switch self {
    case .integer(let value): "\(value)"
    case .real(let value): JSON.real(value).text(.compact)
    case .bool(let value): "\(value)"
    case .text(let value): value
    case .list(let values): "[" + values.map(\.description).joined(separator: ", ") + "]"
    }
  }

  /// The value for config.json.
  public var json: JSON {
    switch self {
    case .integer(let value): .integer(value)
    case .real(let value): .real(value)
    case .bool(let value): .bool(value)
    case .text(let value): .string(value)
    case .list(let values): .array(values.map(\.json))
    }
  }
}

/// What a definition knows about one number: where each container keeps it and what it is when absent.
public struct ParameterRule: Sendable {
  /// How GGUF stores it.
  public enum Kind: String, Sendable {
    case u32
    case f32
    case bool
  }

  /// The value when config.json does not say.
  public enum Default: Sendable {
    case value(ParameterValue)
    /// `a` or `a/b`, names of other parameters.
    case quotient(of: String, by: String?)
  }

  /// The name in this project.
  public let name: String
  /// Its type.
  public let kind: Kind
  /// Keys of config.json, the first being the one that is written.
  public let configKeys: [String]
  /// The key in Meta's params.json.
  public let metaKey: String?
  /// The value when absent; nil if `isOptional`.
  public let defaultValue: Default?
  /// Whether a model may have no such number.
  public let isOptional: Bool
  /// The tensor whose first extent it is: how it is found where nothing states it.
  public let rowsOf: TensorRole?
  /// True if this tensor is present (or absent): how a flag is found in a container that has no key for it.
  public let presenceOf: TensorRole?, absenceOf: TensorRole?
}

/// One entry of the metadata that a GGUF of an architecture has.
public enum GGUFMetadataRule: Hashable, Sendable {
  /// `key` (with `{arch}`) holds the parameter `value`.
  case parameter(key: String, value: String)
  /// Keys whose number depends on the values, written here by code: the rotary scaling.
  case rotaryScaling
  /// `general.file_type`, which stands here in the reference's order.
  case fileType
}

/// The numbers of one model, by the names of its definition.
public struct ParameterSet: Sendable, Hashable {
  /// The values.
  public var values: [String: ParameterValue]
  /// The rotary scaling, which is no single number.
  public var rotaryScaling: RotaryScaling

  /// Collects values.
  public init(values: [String: ParameterValue] = [:], rotaryScaling: RotaryScaling = .none) {
    self.values = values
    self.rotaryScaling = rotaryScaling
  }

  /// The integer called `name`.
  public func integer(_ name: String) -> Int? { if case .integer(let value) = values[name] { value } else { nil } }

  /// The number called `name`.
  public func real(_ name: String) -> Double? {
    switch values[name] {
    case .real(let value): value
    case .integer(let value): Double(value)
    default: nil
    }
  }

  /// The word called `name`.
  public func text(_ name: String) -> String? { if case .text(let value) = values[name] { value } else { nil } }

  /// The list called `name`.
  public func list(_ name: String) -> [ParameterValue]? {
    if case .list(let values) = values[name] { values } else { nil }
  }

  /// The flag called `name`; absent means false.
  public func flag(_ name: String) -> Bool { values[name] == .bool(true) }
}
