import Bytes
import Tensors
import Tokenization

/// An architecture as data: the classes it matches, the names of its hyperparameters and tensors, and the layouts of its schemes.
///
/// Bundled definitions and a user's `--mapping FILE` are read by the same strict loader,
/// `ArchitectureDefinition+Loading.swift`. `docs/definition-format.md` has the grammar.
public struct ArchitectureDefinition: Sendable {
  /// What files name it by; its parts are also members of the definition.
  public let identity: ArchitectureIdentity
  /// The members that were read, with all that it inherits.
  public let resolved: JSON
  /// One line for a listing.
  public let summary: String
  /// Keys, with `{arch}`, or `KEY=VALUE`: its GGUFs have one of them, and those of other definitions with this
  /// `ggufArchitecture` have none. Empty if only tensors distinguish them.
  public let distinctiveKeys: [String]
  /// The number of the first layer that predicts more tokens, in a model; nil if it is not known yet.
  public var firstPredictionLayer: Int?
  /// What llama.cpp demands of the output matrix in a GGUF.
  public let ggufOutput: GGUFOutput
  /// The naming schemes by name, in file order.
  public let schemes: [NamingScheme]
  /// The hyperparameters.
  public let hyperparameters: [HyperparameterRule]
  /// Defaults that apply to one `model_type` only; they come before a rule's own default.
  public let hyperparameterDefaults: [String: [String: HyperparameterValue]]
  /// Members that every config.json of this architecture has.
  public let configConstants: JSON.Object
  /// Members of config.json that change the computation, and the values that this architecture computes with.
  public let expectedConfig: JSON.Object
  /// RoPE types that a hyperparameter applies instead, if it has a value.
  public let ropeTypes: [String: String]
  /// Which RoPE parameters of config.json its class reads.
  public let ropeForm: RopeParameters.Form
  /// The metadata of a GGUF in the order of the reference converter.
  public let ggufMetadata: [GGUFMetadataRule]
  /// The canonical tensors, in the order of a layer's computation.
  public let tensors: [TensorRule]
  /// Stored tensors that contain several canonical ones.
  public let fused: [FusedTensorRule]
  /// Tensors of a GGUF that the reference converter writes together, in this order, once it has read all their sources.
  public let writtenTogether: [[TensorRole]]
  /// Stored tensors whose values follow from the hyperparameters.
  public let derived: [DerivedRule]
  /// Tensors that carry nothing, with the reason.
  public let dropped: [DroppedRule]
  /// Layers that predict more tokens, after those that `layer_count` counts; nil if it has none.
  public let predictionLayers: PredictionLayersRule?
  /// Transforms that are detectable from values.
  public let detectableTransforms: [TransformRule.Kind]
  /// The rules for reading its vocabulary. Its tokenizer classes are those of all definitions of the library.
  public internal(set) var vocabulary: VocabularyRules
  /// The features of its forward pass; nil if it has none.
  public let forwardPass: ForwardPassFeatures?

  /// What llama.cpp demands of `output.weight` in a GGUF of an architecture.
  public enum GGUFOutput: String, Sendable, CaseIterable {
    /// It does not load a file without one.
    case required
    /// It uses the embedding if there is none.
    case optional
    /// It uses the embedding, and does not load a file that has one.
    case absent
  }

  /// A definition may extend one that extends another, and no more: all that it inherits is in two files.
  public static let maximumDepth = 2

  public var name: String { identity.name }
  public var baseNames: [String] { identity.baseNames }
  public var classes: [String] { identity.classes }
  public var modelTypes: [String] { identity.modelTypes }
  public var ggufArchitecture: String? { identity.ggufArchitecture }

  /// The scheme called `name`.
  public func scheme(_ name: String) -> NamingScheme? { schemes.first { $0.name == name } }

  /// The schemes that are written. Those of a text model inside another only add a prefix to the names, and those of other
  /// programs' folders are read.
  public var writtenSchemes: [NamingScheme] { schemes.filter { !$0.isTextPart && !$0.isReadingOnly } }

  /// The rule for `role`.
  public func rule(_ role: TensorRole) -> TensorRule? { tensors.first { $0.role == role } }

  /// The rule for the parameter called `name`.
  public func hyperparameter(_ name: String) -> HyperparameterRule? { hyperparameters.first { $0.name == name } }

  /// The layers that predict more tokens, in a model with these hyperparameters.
  public func predictionLayerCount(_ hyperparameters: HyperparameterSet) -> Int {
    predictionLayers == nil ? 0 : max(0, hyperparameters.integer(PredictionLayersRule.count) ?? 0)
  }

  /// The layers whose tensors a GGUF has: those of the forward pass, and those that predict more tokens, if they are kept.
  public func ggufLayerCount(_ hyperparameters: HyperparameterSet) -> Int {
    let further = predictionLayers?.dropReason == nil ? predictionLayerCount(hyperparameters) : 0
    return max(0, hyperparameters.integer("layer_count") ?? 0) &+ further
  }

  /// The GGUF key with `{arch}` filled in.
  public func ggufKey(_ pattern: String) -> String {
    pattern.hasPrefix("{arch}") ? (ggufArchitecture ?? name) + pattern.dropFirst("{arch}".count) : pattern
  }
}

/// One convention of tensor names.
public struct NamingScheme: Sendable {
  /// `hf`, `gguf`, `meta`, `yi`, …
  public let name: String
  /// The scheme whose names it keeps where it has none of its own.
  public let base: String?
  /// The prefix of the base names, and the prefix that replaces it.
  public let prefix: (base: String, own: String)?
  /// Whether it names the text model inside one with images or sound; such names are read, and never written.
  public let isTextPart: Bool
  /// Whether models in it are read, and written in another scheme: `hf`, or that of a GGUF.
  public let isReadingOnly: Bool
  /// Whether its names are those of a grid of ranks, each with a part of the model, and of no other folder.
  public let isGrid: Bool
  /// The flag that selects this scheme, instead of `hf`, for a folder made from a GGUF.
  public let condition: String?
  /// The entry of `architectures` that config.json gets when a folder is rewritten in this scheme.
  public let className: String?
  /// The `model_type` that config.json then gets.
  public let modelType: String?
  /// A second file with hyperparameters: Meta's params.json.
  public let hyperparametersFile: String?
}
