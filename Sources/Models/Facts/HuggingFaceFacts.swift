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

  var configuration: Configuration? { config }
  var hasExplicitHyperparameters: Bool { true }
  var includesTokenizer: Bool { true }

  func candidates(in library: ArchitectureLibrary) throws -> [ArchitectureDefinition] {
    let definitions = library.definitions
    for name in config.classes {
      guard let first = definitions.first(where: { $0.classes.contains(name) }) else { continue }
      // A class with images or sound says little of the text model inside.
      let inner = config.textModelType.flatMap { type in definitions.first { $0.modelTypes.contains(type) } }
      return [inner ?? first]
    }
    if config.classes.isEmpty, let type = config.modelType,
      let first = definitions.first(where: { $0.modelTypes.contains(type) })
    {
      return [first]
    }
    let name = config.classes.first ?? config.modelType ?? ""
    throw ModelError.unknownArchitecture(
      path: checkpoint.path, name: name, fitting: fitting(definitions), hint: library.hint(forClass: name))
  }

  /// The definitions that give every tensor a slot and its shape, and miss none.
  private func fitting(_ definitions: [ArchitectureDefinition]) -> [String] {
    let checkpoint = EncodedCheckpoint(checkpoint, configuration: config.json).checkpoint
    return definitions.filter { definition in
      guard let hyperparameters = try? definition.hyperparameters(of: config) else { return false }
      return definition.schemes.contains {
        TensorMapping(checkpoint, self, definition, $0, hyperparameters).problems.isEmpty
      }
    }.map(\.name)
  }

  func hyperparameters(
    of definition: ArchitectureDefinition, observed: ArchitectureDefinition.ObservedTensors
  ) throws(HyperparameterError) -> HyperparameterSet {
    try definition.hyperparameters(of: config, observed: observed)
  }

  func origin(of rule: HyperparameterRule, in definition: ArchitectureDefinition) -> HyperparameterOrigin? {
    rule.configKeys.first { config.member($0).map { !$0.isNull } ?? false }.map { .member($0) }
  }
}
