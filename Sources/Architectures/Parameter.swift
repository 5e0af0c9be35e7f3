import Bytes
import Tensors

/// A number of a model, a yes or no, a word, or a list of these (often one for each layer).
public enum HyperparameterValue: Hashable, Sendable, CustomStringConvertible {
  case integer(Int)
  case real(Double)
  case bool(Bool)
  case text(String)
  case list([HyperparameterValue])

  public var description: String {
    switch self {
    case .integer(let value): "\(value)"
    case .real(let value): JSON.real(value).text(.compact)
    case .bool(let value): "\(value)"
    case .text(let value): value
    case .list(let values): "[" + values.map(\.description).joined(separator: ", ") + "]"
    }
  }

  /// An integer or real number as a real one.
  public var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .real(let value): value
    default: nil
    }
  }

  /// Whether it says no: false, 0, an empty word or list.
  public var isNothing: Bool {
    switch self {
    case .integer(let value): value == 0
    case .real(let value): value == 0
    case .bool(let value): !value
    case .text(let value): value.isEmpty
    case .list(let values): values.isEmpty
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
public struct HyperparameterRule: Sendable {
  /// How GGUF stores it, or the elements of a list.
  public enum Kind: String, Sendable {
    case u32
    case f32
    case bool
    case string
  }

  /// The value when config.json does not say.
  public enum Default: Sendable {
    case value(HyperparameterValue)
    /// A formula over other parameters.
    case formula(Expression)
  }

  /// A word of config.json and the value that it stands for.
  public struct EnumValue: Sendable {
    /// The word.
    public let word: String
    /// The value.
    public let value: HyperparameterValue
  }

  /// The name in this project.
  public let name: String
  /// Its type.
  public let kind: Kind
  /// Whether it is a list, often with an element for each layer.
  public let isList: Bool
  /// Whether config.json has the list as an object with the indices as names: `{"0": "LABEL_0"}`.
  public let isKeyedByIndex: Bool
  /// A value of config.json that says nothing, such as the labels that transformers makes up.
  public let placeholder: HyperparameterValue?
  /// The value that config.json has as null: a window of 0 positions, a limit of 0.
  public let nullValue: HyperparameterValue?
  /// Keys of config.json (with dots between those of nested objects), the first being the one that is written.
  public let configKeys: [String]
  /// Words of config.json and what they stand for; none where it has the values themselves.
  public let codes: [EnumValue]
  /// The key in Meta's params.json.
  public let metaKey: String?
  /// The keys of a GGUF, with `{arch}`, that are read before those in which it is written.
  public let ggufKeys: [String]
  /// The values when absent, of which the first that can be had counts; empty only if `isOptional`.
  public let defaults: [Default]
  /// Whether its formula counts as stated: transformers fills it in when it reads config.json, as it does all constants.
  public let isAssumed: Bool
  /// Whether a model may have no such number.
  public let isOptional: Bool
  /// The flag without which the number, though stated, means nothing; nil if it always counts.
  public let enabledBy: String?
  /// The tensor whose first extent it is: how it is found where nothing states it.
  public let rowsOf: TensorRole?
  /// The tensor that shows it: how a flag or a word is found in a container that has no key for it.
  public let shownBy: TensorEvidence?

  /// A tensor, and the values that its presence and its absence stand for.
  public struct TensorEvidence: Sendable {
    /// The tensor.
    public let role: TensorRole
    /// The layer behind which it is looked for; nil for everywhere.
    public let layer: Int?
    /// The value where the tensor is there, and where it is not.
    public let present: HyperparameterValue, absent: HyperparameterValue
  }
}

/// The numbers of one model, by the names of its definition.
public struct HyperparameterSet: Sendable, Hashable {
  /// The values.
  public var values: [String: HyperparameterValue]
  /// The rotary scaling, which is no single number.
  public var rotaryScaling: RotaryScaling
  /// The parameters that a file states, or that transformers has whether or not it does; the others are told by tensors. Two sets of the same values are equal
  /// whatever is stated.
  public var stated: Set<String> = []

  /// Collects values.
  public init(values: [String: HyperparameterValue] = [:], rotaryScaling: RotaryScaling = .none) {
    self.values = values
    self.rotaryScaling = rotaryScaling
  }

  public static func == (left: Self, right: Self) -> Bool {
    left.values == right.values && left.rotaryScaling == right.rotaryScaling
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(values)
    hasher.combine(rotaryScaling)
  }

  /// The integer called `name`.
  public func integer(_ name: String) -> Int? { if case .integer(let value) = values[name] { value } else { nil } }

  /// The number called `name`.
  public func real(_ name: String) -> Double? {
    values[name]?.number
  }

  /// The word called `name`.
  public func text(_ name: String) -> String? { if case .text(let value) = values[name] { value } else { nil } }

  /// The list called `name`.
  public func list(_ name: String) -> [HyperparameterValue]? {
    if case .list(let values) = values[name] { values } else { nil }
  }

  /// The flag called `name`; absent means false.
  public func flag(_ name: String) -> Bool { values[name] == .bool(true) }
}
