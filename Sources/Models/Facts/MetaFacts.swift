import Architectures
import Bytes
import Formats

/// A folder with Meta's params.json.
struct MetaFacts: ModelFacts {
  let folder: ModelFolder?
  let params: JSON
  /// What of params.json is not JSON.
  let fileRemarks: [String]

  var hasExplicitHyperparameters: Bool { true }

  func candidates(in library: ArchitectureLibrary) -> [ArchitectureDefinition] { library.definitions }

  func hyperparameters(
    of definition: ArchitectureDefinition, observed: ArchitectureDefinition.ObservedTensors
  ) throws(HyperparameterError) -> HyperparameterSet {
    try definition.hyperparameters(ofMeta: params, observed: observed)
  }

  func origin(of rule: HyperparameterRule, in definition: ArchitectureDefinition) -> HyperparameterOrigin? {
    let members = params["model"] ?? params
    return rule.metaKeys.first { members[$0] != nil }.map { .member($0) }
  }

  func remarks(on definition: ArchitectureDefinition, _ hyperparameters: HyperparameterSet) -> ConfigurationRemarks {
    var remarks = ConfigurationRemarks()
    remarks.warnings = fileRemarks + definition.metaRemarks(params)
    if let rule = definition.hyperparameter("context_length"), origin(of: rule, in: definition) == nil {
      remarks.noteAssumedContext(hyperparameters, file: "params.json", folder: folder, isDefaultOfTransformers: false)
    }
    return remarks
  }
}
