import Bytes
import Tensors

/// An architecture as data: who it answers to, what its numbers and tensors are called, and how layouts differ.
///
/// Bundled definitions and a user's `--mapping FILE` are read by the same strict loader, `Definition+Loading.swift`.
/// The grammar stands in `docs/architectures.md`.
public struct Definition: Sendable {
  /// The name, as in `ingot architectures NAME`.
  public let name: String
  /// Whether it extends another definition.
  public let isExtension: Bool
  /// One line for a listing.
  public let summary: String
  /// Entries of `architectures` in config.json that it answers to.
  public let classes: [String]
  /// Values of `model_type` in config.json that it answers to.
  public let modelTypes: [String]
  /// The value of `general.architecture` in a GGUF.
  public let ggufArchitecture: String
  /// The naming schemes by name, in file order.
  public let schemes: [NamingScheme]
  /// The numbers of the model.
  public let parameters: [ParameterRule]
  /// Defaults that apply to one `model_type` only; they come before a rule's own default.
  public let parameterDefaults: [String: [String: ParameterValue]]
  /// Members that every config.json of this architecture has.
  public let configConstants: JSON.Object
  /// The metadata of a GGUF in the order of the reference converter.
  public let ggufMetadata: [GGUFMetadataRule]
  /// The tensors, in the order of a layer's computation.
  public let tensors: [TensorRule]
  /// Tensors that a scheme holds but that follow from the parameters.
  public let derived: [DerivedRule]
  /// Tensors that carry nothing, with the reason.
  public let dropped: [DroppedRule]
  /// How its vocabulary is read, in the words of `VocabularyRules`; nil for LLaMA's way.
  public let vocabulary: JSON?
  /// How it computes; nil if no forward pass runs it.
  public let forwardPass: ForwardPassFeatures?

  /// The scheme called `name`.
  public func scheme(_ name: String) -> NamingScheme? { schemes.first { $0.name == name } }

  /// The rule for `role`.
  public func rule(_ role: TensorRole) -> TensorRule? { tensors.first { $0.role == role } }

  /// The rule for the parameter called `name`.
  public func parameter(_ name: String) -> ParameterRule? { parameters.first { $0.name == name } }

  /// The GGUF key with `{arch}` filled in.
  public func ggufKey(_ pattern: String) -> String {
    pattern.hasPrefix("{arch}") ? ggufArchitecture + pattern.dropFirst("{arch}".count) : pattern
  }
}

/// One convention of tensor names.
public struct NamingScheme: Hashable, Sendable {
  /// `hf`, `gguf`, `meta`, `yi`, …
  public let name: String
  /// The scheme whose names it keeps where it has none of its own.
  public let base: String?
  /// The entry of `architectures` that config.json gets when a folder is rewritten in this scheme.
  public let className: String?
  /// The `model_type` that config.json then gets.
  public let modelType: String?
  /// The file, besides config.json, in which a folder of this scheme states its numbers: Meta's params.json.
  public let numbersFile: String?
}

/// One tensor of an architecture.
public struct TensorRule: Sendable {
  /// What it is for.
  public let role: TensorRole
  /// Its canonical extents.
  public let shape: [DimensionExpression]
  /// Whether a model may lack it.
  public let isOptional: Bool
  /// The tensor whose values it has when it is absent.
  public let tiedTo: TensorRole?
  /// Its name by scheme; a scheme inherits the names of its base.
  public let names: [String: NamePattern]
  /// Its transform by scheme; absent means identity.
  public let transforms: [String: TransformRule]

  /// Whether it occurs once in every layer.
  public var isPerLayer: Bool { names.values.contains { $0.isPerLayer } }
}

/// A transform as a definition names it; head counts are names of parameters.
public enum TransformRule: Hashable, Sendable {
  case rotaryPermutation(headCount: String)

  /// The transform with the numbers of a model; nil if the parameter is unknown.
  public func resolved(_ parameters: ParameterSet) -> Transform? {
    switch self {
    case .rotaryPermutation(let name): parameters.integer(name).map { .rotaryPermutation(headCount: $0) }
    }
  }
}

/// A tensor that follows from the parameters, such as the frequency factors of Llama 3's rotary scaling.
public struct DerivedRule: Sendable {
  /// What it is for; the code that makes it is looked up by this.
  public let role: TensorRole
  /// Its name in the schemes that hold it.
  public let names: [String: NamePattern]
}

/// Tensors that carry no information.
public struct DroppedRule: Sendable {
  /// Their names.
  public let pattern: NamePattern
  /// Why nothing is lost.
  public let reason: String
}

/// An extent as a product of parameters and numbers: `head_count*head_dimension`.
public struct DimensionExpression: Hashable, Sendable, CustomStringConvertible {
  /// The expression as the definition spells it.
  public let description: String
  /// Names of parameters.
  let factors: [String]

  init(_ text: String) {
    description = text
    factors = text.split(separator: "*").map(String.init)
  }

  /// The extent for a model; nil if a parameter is unknown or the product overflows.
  public func value(_ parameters: ParameterSet) -> Int? {
    factors.reduce(Optional(1)) { product, name in
      guard let product, let factor = Int(name) ?? parameters.integer(name) else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: factor)
      return overflow ? nil : next
    }
  }
}
