import Architectures
import Bytes
import Encodings
import Formats
import Tensors

/// A model folder with a config.json.
struct HuggingFaceFacts: ModelFacts {
  let checkpoint: Checkpoint
  let folder: ModelFolder?
  let config: Configuration
  /// What of config.json is not JSON.
  let fileRemarks: [String]
  let quantization: JSON?

  var configuration: Configuration? { config }
  var hasExplicitHyperparameters: Bool { true }
  var includesTokenizer: Bool { true }

  func candidates(in library: ArchitectureLibrary) throws -> [ArchitectureDefinition] {
    if let definition = library.definition(of: config) { return [definition] }
    guard let name = (config.classes + [config.modelType].compactMap(\.self)).first(where: { !$0.isEmpty }) else {
      let fitting = fitting(library.definitions).filter(mayCompute)
      throw ModelError.namesNoArchitecture(path: checkpoint.path, fitting: fitting.map(\.name))
    }
    let fitting = fitting(library.definitions), renamed = fitting.filter(mayCompute)
    if renamed.isEmpty, let first = fitting.first {
      throw ModelError.lookAlike(path: checkpoint.path, name: name, definition: first.name)
    }
    throw ModelError.unknownArchitecture(
      path: checkpoint.path, name: name, fitting: renamed.map(\.name), hint: library.hint(forClass: name))
  }

  /// Whether the model may compute as a definition of another class says.
  ///
  /// It does not if config.json names another `model_type`, or code of its own.
  private func mayCompute(_ definition: ArchitectureDefinition) -> Bool {
    let type = config.modelType
    return config.json["auto_map"] == nil && (type == nil || definition.modelTypes.contains(type ?? ""))
  }

  /// The definitions that give every tensor a slot and its shape, and miss none.
  private func fitting(_ definitions: [ArchitectureDefinition]) -> [ArchitectureDefinition] {
    let checkpoint = EncodedCheckpoint(
      checkpoint, configuration: config.json, quantization: quantization
    ).checkpoint
    return definitions.filter { definition in
      guard let hyperparameters = try? definition.hyperparameters(of: config) else { return false }
      return definition.schemes.contains {
        TensorMapping(checkpoint, self, definition, $0, hyperparameters).problems.isEmpty
      }
    }
  }

  func hyperparameters(
    of definition: ArchitectureDefinition, observed: ArchitectureDefinition.ObservedTensors
  ) throws(HyperparameterError) -> HyperparameterSet {
    try definition.hyperparameters(of: config, observed: observed)
  }

  func origin(of rule: HyperparameterRule, in definition: ArchitectureDefinition) -> HyperparameterOrigin? {
    let config = config.reading(rope: definition.ropeForm)
    return rule.configKeys.first { config.member($0).map { !$0.isNull } ?? false }.map { .member(config.location($0)) }
  }

  func remarks(on definition: ArchitectureDefinition, _ hyperparameters: HyperparameterSet) -> ConfigurationRemarks {
    var remarks = ConfigurationRemarks()
    remarks.warnings = fileRemarks + definition.conflicts(in: config, hyperparameters)
    if let modules = try? folder?.denseModules(), !modules.isEmpty {
      remarks.warnings.append(
        "the dense stages in \(modules.joined(separator: " and ")) are left out: the embedding is the one before them")
    }
    if let unread = definition.unreadRemark(on: config) { remarks.warnings.append(unread) }
    if let rule = definition.hyperparameter("context_length"), !rule.configKeys.isEmpty,
      origin(of: rule, in: definition) == nil
    {
      remarks.noteAssumedContext(
        hyperparameters, file: "config.json", folder: folder, isDefaultOfTransformers: true)
    }
    return remarks
  }
}

extension ArchitectureLibrary {
  /// The definition that the classes of a config.json name, or without classes its `model_type`.
  func definition(of config: Configuration) -> ArchitectureDefinition? {
    for name in config.classes {
      guard let first = firstDefinition(of: config, where: { $0.classes.contains(name) }) else { continue }
      // A class with images or sound says little of the text model inside, unless its definition knows that one.
      let known = first.modelTypes
      guard let type = config.textModelType, !known.contains(type), !known.contains(config.nestedModelType ?? "") else {
        return first
      }
      return firstDefinition { $0.modelTypes.contains(type) } ?? first
    }
    guard config.classes.isEmpty, let type = config.modelType else { return nil }
    return firstDefinition(of: config) { $0.modelTypes.contains(type) }
  }
}
