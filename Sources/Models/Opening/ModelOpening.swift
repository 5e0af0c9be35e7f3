import Architectures
import Bytes
import Encodings
import Formats
import Tensors

/// A model that is being opened: everything that headers and side files say, and no tensor data.
///
/// `gatherEvidence` is the step that reads tensor data, where the files leave open how the tensors are to be
/// interpreted. `model` interprets them with that evidence or without any.
public struct ModelOpening {
  /// The files, with the tensors that adapters replace, and compositions in place of encoded tensors.
  public let checkpoint: Checkpoint
  /// The errors of encoded tensors that cannot be decoded.
  let encodingProblems: [any IngotError]
  /// The form of the checkpoint; nil for plain weights.
  let form: RecognizedForm?
  /// What was left out of the tensor names; nil if they are used as they are stored.
  let namesRemark: String?
  let facts: any ModelFacts
  let definition: ArchitectureDefinition
  let scheme: NamingScheme
  /// The hyperparameters that headers and side files give.
  let hyperparameters: HyperparameterSet
  /// Whether the layers that predict more tokens have tensors, if the files state any.
  let hasStatedPredictionLayers: Bool
  let mapping: TensorMapping
  /// Each adapter and the checkpoint that it changes.
  let adapters: [(adapter: LoRAAdapter, base: Checkpoint)]

  /// Reads the headers and side files of the model at `location` and finds its architecture and naming scheme.
  ///
  /// - Parameters:
  ///   - library: the definitions to choose from.
  ///   - architecture: the definition to use, ignoring what the files say (`--arch-as`).
  ///   - adapters: folders of LoRA adapters that are added to the weights, in order.
  ///   - predictionLayers: whether layers that predict more tokens belong to the model.
  /// - Throws: when files cannot be read or no definition fits.
  public init(
    _ location: InputLocation, library: ArchitectureLibrary, architecture: String? = nil,
    adapters: [InputLocation] = [],
    predictionLayers: PredictionLayers = .keep
  ) throws {
    let (stored, steps) = try Self.checkpoint(at: location, adapters)
    try self.init(
      stored, at: location, library: library, architecture: architecture, adapters: steps,
      predictionLayers: predictionLayers)
  }

  /// Finds the architecture and naming scheme of an open checkpoint, whose metadata need not be that of its files.
  public init(_ stored: Checkpoint, at location: InputLocation, library: ArchitectureLibrary) throws {
    try self.init(stored, at: location, library: library, architecture: nil, adapters: [], predictionLayers: .keep)
  }

  private init(
    _ stored: Checkpoint, at location: InputLocation, library: ArchitectureLibrary, architecture: String?,
    adapters: [(adapter: LoRAAdapter, base: Checkpoint)], predictionLayers: PredictionLayers
  ) throws {
    self.adapters = adapters
    facts = try stored.facts(at: location)
    let encoded = EncodedCheckpoint(
      stored, configuration: facts.configuration?.json, quantization: facts.quantization)
    (form, encodingProblems) = (encoded.form, encoded.groupedProblems)
    if let form, form.form.content != .encodedModel {
      let architecture = stored.metadata["general.architecture"]?.text
      throw ModelError.notAModel(path: stored.path, form, architecture: architecture)
    }
    do {
      let candidates = try architecture.map { try [library.named($0)] } ?? facts.candidates(in: library)
      let match = try NamingMatch(candidates, encoded.checkpoint, mayHaveWrappers: !facts.usesGGUFNames)
      (namesRemark, scheme) = (match.remark, match.scheme)
      let (stated, layerCount) = try Self.hyperparameters(match, facts, location)
      definition = match.definition.numberingPredictionLayers(stated)
      let first = stated.integer("layer_count") ?? 0, predicting = definition.predictionLayerCount(stated)
      let isWithout = predicting > 0 && layerCount.map { $0 <= first } == true
      hasStatedPredictionLayers = !isWithout
      switch predictionLayers {
      case .keep:
        checkpoint = match.checkpoint
        hyperparameters = isWithout ? definition.stating(predictionLayerCount: 0, in: stated) : stated
      case .omit:
        checkpoint = definition.omittingPredictionLayers(match.checkpoint, match.scheme, after: first)
        hyperparameters = definition.stating(predictionLayerCount: 0, in: stated)
      }
    } catch {
      // What does not fit follows from matrices that are packed.
      guard let cause = encoded.problems.first, cause.concernsAllTensors else { throw error }
      throw LocatedError(path: stored.path, reason: cause)
    }
    mapping = TensorMapping(checkpoint, facts, definition, scheme, hyperparameters)
  }

  /// The hyperparameters, and the number of layers that have tensors; nil if tensors have no layers.
  private static func hyperparameters(
    _ match: NamingMatch, _ facts: any ModelFacts, _ location: InputLocation
  ) throws -> (HyperparameterSet, layerCount: Int?) {
    do throws(HyperparameterError) {
      let observed = ArchitectureDefinition.ObservedTensors(match.checkpoint, match.definition, match.scheme)
      return (try facts.hyperparameters(of: match.definition, observed: observed), observed.layerCount)
    } catch {
      throw LocatedError(path: location.path, reason: error)
    }
  }

  /// Opens the checkpoint, and puts the tensors that each adapter replaces into the one before.
  private static func checkpoint(
    at location: InputLocation, _ adapters: [InputLocation]
  ) throws -> (Checkpoint, [(adapter: LoRAAdapter, base: Checkpoint)]) {
    let adapters = try adapters.map { try LoRAAdapter($0) }
    var checkpoint = try Checkpoint.open(location)
    var steps: [(adapter: LoRAAdapter, base: Checkpoint)] = []
    for adapter in adapters {
      let base = checkpoint
      steps.append((adapter, base))
      checkpoint = try adapter.naming { () throws(AdapterError) in try base.replacing(with: adapter) }
    }
    if LoRAAdapter.isAdapter(checkpoint, in: location.folder) { throw ModelError.isAdapter(path: location.path) }
    return (checkpoint, steps)
  }
}

extension ArchitectureLibrary {
  func named(_ name: String) throws(ModelError) -> ArchitectureDefinition {
    guard let definition = definition(named: name) else {
      throw .noDefinition(name: name, hint: hint(for: name))
    }
    return definition
  }
}
