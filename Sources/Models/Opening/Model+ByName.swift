import Architectures
import Bytes
import Encodings
import Formats
import Tensors

extension Model {
  /// Opens a model as `open` does, and a GGUF that no definition fits as it is: for what goes by names alone.
  ///
  /// - Throws: as `open`, but not for a GGUF whose `general.architecture` has no definition or whose numbers do not fit it.
  public static func openByName(
    _ path: String, library: ArchitectureLibrary, architecture: String? = nil,
    appliedTransforms: TransformDetection = .namesOnly
  ) throws -> Model {
    try openByName(
      InputLocation(path), library: library, architecture: architecture, appliedTransforms: appliedTransforms)
  }

  /// Opens the model at `location`, as `openByName` does with a path.
  public static func openByName(
    _ location: InputLocation, library: ArchitectureLibrary, architecture: String? = nil,
    appliedTransforms: TransformDetection = .namesOnly
  ) throws -> Model {
    do {
      return try open(location, library: library, architecture: architecture, appliedTransforms: appliedTransforms)
    } catch ModelError.unknownGGUFArchitecture {
      return try undefined(Checkpoint.open(location))
    } catch ModelError.notAModel(_, let form, _) where form.form.content == .part {
      return try undefined(Checkpoint.open(location), "is \(form.words)")
    } catch ModelError.unknownNames(let path, let sample, let known) {
      let checkpoint = try Checkpoint.open(location)
      guard checkpoint.ggufMetadata != nil else {
        throw ModelError.unknownNames(path: path, sample: sample, known: known)
      }
      return try undefined(checkpoint)
    } catch let error as LocatedError where error.reason is HyperparameterError {
      let checkpoint = try Checkpoint.open(location)
      guard checkpoint.ggufMetadata != nil else { throw error }
      return try undefined(checkpoint)
    }
  }

  /// Opens a model as `open` does, and safetensors that no definition fits as they are: for an output that keeps names.
  ///
  /// - Throws: as `open`, but not if the architecture is unknown, or what the files state does not fit it.
  public static func openAsStored(
    _ path: String, library: ArchitectureLibrary, appliedTransforms: TransformDetection = .namesOnly
  ) throws -> Model {
    try openAsStored(InputLocation(path), library: library, appliedTransforms: appliedTransforms)
  }

  /// Opens the model at `location`, as `openAsStored` does with a path.
  public static func openAsStored(
    _ location: InputLocation, library: ArchitectureLibrary, appliedTransforms: TransformDetection = .namesOnly
  ) throws -> Model {
    let reason: String
    var failure: (any IngotError)?
    do {
      let model = try open(location, library: library, appliedTransforms: appliedTransforms)
      // Some names of another net may be those of an architecture.
      let isGuess = model.facts.ggufMetadata == nil && !model.hasExplicitHyperparameters
      guard isGuess, model.unreadForm == nil, !model.problemsOfStoredTensors.isEmpty else { return model }
      reason = "\(location.path.escapedForDisplay): names no architecture, and its tensors fit none"
    } catch let error as any IngotError where error.category == .input {
      let isModel =
        switch error as? ModelError {
        case .isAdapter, .notAModel: false
        default: true
        }
      guard isModel, error is ModelError || (error as? LocatedError)?.reason is HyperparameterError else { throw error }
      reason = "\(error)"
      failure = error
    }
    // An error of the container itself occurs again here and is thrown.
    let stored = try Checkpoint.open(location)
    if stored.ggufMetadata != nil, let failure { throw failure }
    let facts = try stored.facts(at: location)
    let encoded = EncodedCheckpoint(
      stored, configuration: facts.configuration?.json, quantization: facts.quantization)
    // An encoding that is not read, or damaged, stays as it is stored.
    let checkpoint = encoded.problems.isEmpty ? encoded.checkpoint : stored
    let name = facts.configuration?.classes.first ?? facts.configuration?.modelType ?? "unknown"
    return try undefined(
      checkpoint, facts, named: name, scheme: "stored",
      remark: "\(reason); names, layouts and order stay, and nothing specific to an architecture is done")
  }

  /// Opens a model for grafting: one that no definition fits as it is, GGUF or safetensors.
  public static func openForGraft(
    _ location: InputLocation, library: ArchitectureLibrary, architecture: String? = nil,
    appliedTransforms: TransformDetection = .namesOnly
  ) throws -> Model {
    let isGGUF = try Checkpoint.open(location).ggufMetadata != nil
    return isGGUF || architecture != nil
      ? try openByName(
        location, library: library, architecture: architecture, appliedTransforms: appliedTransforms)
      : try openAsStored(location, library: library, appliedTransforms: appliedTransforms)
  }

  /// Opens a GGUF for a conversion that needs no definition, since it changes only how tensors are divided among files.
  ///
  /// - Throws: `ModelError.notAGGUF` for another container; errors of reading it.
  public static func openWithoutDefinition(_ location: InputLocation) throws -> Model {
    let checkpoint = try Checkpoint.open(location)
    guard let metadata = checkpoint.ggufMetadata else { throw ModelError.notAGGUF(path: location.path) }
    return try undefined(
      checkpoint, GGUFFacts(path: checkpoint.path, folder: nil, metadata: metadata),
      named: metadata["general.architecture"]?.text ?? "", scheme: "gguf", remark: nil)
  }

  /// A GGUF without a definition: nothing is known of its tensors but their names.
  ///
  /// - Parameter fact: why there is none; nil if its architecture is unknown.
  private static func undefined(_ checkpoint: Checkpoint, _ fact: String? = nil) throws -> Model {
    let name = checkpoint.metadata["general.architecture"]?.text ?? ""
    let fact = fact ?? "no definition fits architecture \(name.quoted)"
    return try undefined(
      checkpoint, GGUFFacts(path: checkpoint.path, folder: nil, metadata: checkpoint.metadata), named: name,
      scheme: "gguf", remark: "\(fact): its tensors go by their names")
  }

  private static func undefined(
    _ checkpoint: Checkpoint, _ facts: any ModelFacts, named name: String, scheme: String, remark: String?
  ) throws -> Model {
    let json = JSON.members([
      "name": .string(name), "summary": .string("known by its tensors' names alone"),
      "schemes": .members([scheme: .members([:])]),
    ])
    let definition = try ArchitectureDefinition(json: json, bases: [:])
    guard let scheme = definition.scheme(scheme) else { throw ModelError.noArchitecture(path: checkpoint.path) }
    let hyperparameters = definition.hyperparameters(
      inferredFrom: ArchitectureDefinition.ObservedTensors(layerCount: nil, roles: [], rows: [:]))
    var mapped = TensorMapping(checkpoint, facts, definition, scheme, hyperparameters)
    mapped.problems = []
    return Model(
      checkpoint: checkpoint, facts: facts, definition: definition, scheme: scheme, hyperparameters: hyperparameters,
      mapped: mapped, problems: [], remarks: remark.map { [$0] } ?? [], isByName: true)
  }
}

extension TensorSlot {
  /// The slot of a tensor of a GGUF without a definition: its own name is the role.
  public init(named name: TensorName) {
    let instances = name.text.split(separator: ".")
    let own = instances.dropFirst(name.ggufLayer == nil ? 0 : 2)
    let stem = own.last == "weight" ? own.dropLast() : own
    self.init(TensorRole(rawValue: stem.joined(separator: "_")), layer: name.ggufLayer)
  }
}
