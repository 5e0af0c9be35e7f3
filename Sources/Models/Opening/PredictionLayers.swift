import Architectures
import Tensors

/// The policy for layers after the last one that predict more tokens ("MTP").
public enum PredictionLayers: Sendable {
  case keep
  /// They are left out, by name.
  case omit
}

extension ArchitectureDefinition {
  /// The checkpoint and hyperparameters of a model without its layers that predict more tokens.
  func omittingPredictionLayers(
    _ checkpoint: Checkpoint, _ scheme: NamingScheme, _ hyperparameters: HyperparameterSet
  ) -> (Checkpoint, HyperparameterSet) {
    guard let count = hyperparameters.integer("layer_count"), hyperparameters.values["prediction_layer_count"] != nil
    else {
      return (checkpoint, hyperparameters)
    }
    let matcher = matcher(of: scheme)
    var kept: [TensorDescriptor] = [], omitted: [(tensor: TensorDescriptor, reason: String)] = []
    for tensor in checkpoint.tensors {
      if case .tensor(_, let layer?, _) = matcher.match(of: tensor.name), layer >= count {
        omitted.append((tensor, "of a layer that predicts more tokens"))
      } else {
        kept.append(tensor)
      }
    }
    var hyperparameters = hyperparameters
    hyperparameters.values["prediction_layer_count"] = .integer(0)
    hyperparameters.values["block_count"] = .integer(count)
    return (checkpoint.replacing(tensors: kept, unused: omitted), hyperparameters)
  }

  /// The metadata of a GGUF of which layers that predict more tokens were left out.
  public func restatingLayerCounts(
    _ metadata: Metadata, _ hyperparameters: HyperparameterSet
  ) -> Metadata {
    guard hyperparameters.integer("prediction_layer_count") == 0 else { return metadata }
    var metadata = metadata
    for rule in ggufMetadata {
      guard case .pair(let key, .formula(let formula), _) = rule, metadata[ggufKey(key)] != nil,
        formula.hyperparameterNames.contains(where: ["block_count", "prediction_layer_count"].contains)
      else { continue }
      metadata[ggufKey(key)] = self.metadata(of: rule, hyperparameters, explicitRotary: [:]).first?.value
    }
    return metadata
  }
}
