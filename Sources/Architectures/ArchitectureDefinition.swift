import Bytes
import Tensors

/// An architecture as data: who it answers to, what its numbers and tensors are called, and how layouts differ.
///
/// Bundled definitions and a user's `--mapping FILE` are read by the same strict loader,
/// `ArchitectureDefinition+Loading.swift`. `docs/definition-format.md` has the grammar.
public struct ArchitectureDefinition: Sendable {
  /// The name, as in `ingot architectures NAME`.
  public let name: String
  /// Whether it only lends its rules to others, and is no architecture itself.
  public let isAbstract: Bool
  /// The definitions that it extends, the nearest last.
  public let baseNames: [String]
  /// One line for a listing.
  public let summary: String
  /// Entries of `architectures` in config.json that it answers to.
  public let classes: [String]
  /// Values of `model_type` in config.json that it answers to.
  public let modelTypes: [String]
  /// The value of `general.architecture` in a GGUF.
  public let ggufArchitecture: String
  /// The key, with `{arch}`, that its GGUFs have and those of other definitions with this `ggufArchitecture` do not.
  public let distinctiveKey: String?
  /// The naming schemes by name, in file order.
  public let schemes: [NamingScheme]
  /// The numbers of the model.
  public let parameters: [HyperparameterRule]
  /// Defaults that apply to one `model_type` only; they come before a rule's own default.
  public let parameterDefaults: [String: [String: HyperparameterValue]]
  /// Members that every config.json of this architecture has.
  public let configConstants: JSON.Object
  /// The metadata of a GGUF in the order of the reference converter.
  public let ggufMetadata: [GGUFMetadataRule]
  /// The canonical tensors, in the order of a layer's computation.
  public let tensors: [TensorRule]
  /// Stored tensors that hold several canonical ones.
  public let packed: [FusedTensorRule]
  /// Tensors of a GGUF that the reference converter writes together, in this order, once it has seen all their parts.
  public let writtenTogether: [[TensorRole]]
  /// Tensors that a scheme holds but that follow from the parameters.
  public let derived: [DerivedRule]
  /// Tensors that carry nothing, with the reason.
  public let dropped: [DroppedRule]
  /// The transforms of which the values tell whether they were applied, whatever the names say.
  public let transformsToldByValues: [TransformRule.Kind]
  /// How its vocabulary is read, in the words of `VocabularyRules`; nil for LLaMA's way.
  public let vocabulary: JSON?
  /// How it computes; nil if no forward pass runs it.
  public let forwardPass: ForwardPassFeatures?

  /// The scheme called `name`.
  public func scheme(_ name: String) -> NamingScheme? { schemes.first { $0.name == name } }

  /// The rule for `role`.
  public func rule(_ role: TensorRole) -> TensorRule? { tensors.first { $0.role == role } }

  /// The rule for the parameter called `name`.
  public func parameter(_ name: String) -> HyperparameterRule? { parameters.first { $0.name == name } }

  /// The GGUF key with `{arch}` filled in.
  public func ggufKey(_ pattern: String) -> String {
    pattern.hasPrefix("{arch}") ? ggufArchitecture + pattern.dropFirst("{arch}".count) : pattern
  }
}

/// One convention of tensor names.
public struct NamingScheme: Sendable {
  /// `hf`, `gguf`, `meta`, `yi`, …
  public let name: String
  /// The scheme whose names it keeps where it has none of its own.
  public let base: String?
  /// What the names of the base begin with and its own with something else.
  public let prefix: (base: String, own: String)?
  /// Whether it names the text model inside one with images or sound; such names are read, and never written.
  public let isTextPart: Bool
  /// The flag that makes this the scheme of folders made of a GGUF, in place of `hf`.
  public let condition: String?
  /// The entry of `architectures` that config.json gets when a folder is rewritten in this scheme.
  public let className: String?
  /// The `model_type` that config.json then gets.
  public let modelType: String?
  /// The file, besides config.json, in which a folder of this scheme states its numbers: Meta's params.json.
  public let numbersFile: String?
}
