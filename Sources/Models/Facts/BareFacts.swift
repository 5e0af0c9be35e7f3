import Architectures
import Bytes
import Formats

/// Tensors alone: no file states anything, and hyperparameters are inferred from names and shapes.
struct BareFacts: ModelFacts {
  let folder: ModelFolder?
  let quantization: JSON?

  var hasExplicitHyperparameters: Bool { false }

  func candidates(in library: ArchitectureLibrary) -> [ArchitectureDefinition] { library.definitions }

  func hyperparameters(
    of definition: ArchitectureDefinition, observed: ArchitectureDefinition.ObservedTensors
  ) -> HyperparameterSet {
    definition.hyperparameters(inferredFrom: observed)
  }

  func origin(of rule: HyperparameterRule, in definition: ArchitectureDefinition) -> HyperparameterOrigin? { nil }
}
