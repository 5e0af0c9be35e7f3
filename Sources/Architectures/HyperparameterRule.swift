import Tensors

/// A hyperparameter of a definition: its keys in each container, and its default.
public struct HyperparameterRule: Sendable {
  /// Its type in a GGUF, or that of the elements of a list.
  public enum Kind: String, Sendable {
    case u32
    /// A whole number that a GGUF stores with a sign.
    case f32
    case bool
    case string
  }

  /// The value if config.json has none.
  public enum Default: Sendable {
    case value(HyperparameterValue)
    /// A formula over other hyperparameters.
    case formula(Expression)
  }

  /// A string of config.json and the value that it maps to.
  public struct EnumValue: Sendable {
    /// The string.
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
  /// Whether it may be a list with an element for each layer, in place of one value for all.
  public let mayDifferByLayer: Bool
  /// Whether config.json has the list as an object with the indices as names: `{"0": "LABEL_0"}`.
  public let isKeyedByIndex: Bool
  /// Whether the value is the number of elements of the list that config.json has.
  public let countsElements: Bool
  /// The length to which a list is cut, or filled with zeros; nil for any.
  public let length: Int?
  /// A value of config.json that counts as absent, such as labels that transformers generates.
  public let placeholder: HyperparameterValue?
  /// The value that config.json has as null: a window of 0 positions, a limit of 0.
  public let nullValue: HyperparameterValue?
  /// Keys of config.json, with dots between those of nested objects, in the order in which transformers prefers them.
  public let configKeys: [String]
  /// The key of config.json that is written; nil if it has none.
  public let writtenKey: String?
  /// Those of `configKeys` whose values may differ from the others': they have meanings of their own.
  public let independentKeys: [String]
  /// Strings of config.json and their values; empty if it has the values themselves.
  public let enumValues: [EnumValue]
  /// The keys in Meta's params.json, that which is written first.
  public let metaKeys: [String]
  /// The keys of a GGUF, with `{arch}`, that are read before those in which it is written.
  public let ggufKeys: [String]
  /// The values when absent, of which the first that can be had counts; empty only if `isOptional`.
  public let defaults: [Default]
  /// Whether a value from its formula counts as explicit, as constants do: transformers applies it on reading.
  public let countsAsExplicit: Bool
  /// Whether a model may have no such number.
  public let isOptional: Bool
  /// The flag without which the value is ignored; nil if it always counts.
  public let enabledBy: String?
  /// The tensor whose row count it is, if no key states it.
  public let rowsOf: TensorRole?
  /// The tensor from which it is inferred, if the container has no key.
  public let inferredFrom: TensorEvidence?

  /// A tensor, and the values inferred from its presence and absence.
  public struct TensorEvidence: Sendable {
    /// The tensor.
    public let role: TensorRole
    /// Only layers after this one count; nil for all.
    public let layer: Int?
    /// It counts as there only if it is in as many layers as this tensor; nil if one layer is enough.
    public var asOftenAs: TensorRole?
    /// The value where the tensor is there, and where it is not.
    public let present: HyperparameterValue, absent: HyperparameterValue
  }
}
