import Architectures
import Bytes
import Tensors

/// The policy for layers after the last one that predict more tokens ("MTP").
public enum PredictionLayers: Sendable {
  case keep
  /// They are left out, by name.
  case omit
}

extension ArchitectureDefinition {
  /// The checkpoint of a model without its tensors of layers that predict more tokens.
  ///
  /// - Parameter count: the layers of the forward pass.
  func omittingPredictionLayers(_ checkpoint: Checkpoint, _ scheme: NamingScheme, after count: Int) -> Checkpoint {
    let matcher = matcher(of: scheme)
    var kept: [TensorDescriptor] = [], omitted: [(tensor: TensorDescriptor, reason: String)] = []
    for tensor in checkpoint.tensors {
      switch matcher.match(of: tensor.name) {
      case .tensor(let rule, let layer?, _)
      where predictionLayers != nil && layer >= count && matcher.rules[rule].tensors[0].layers == nil:
        omitted.append((tensor, "of a layer that predicts more tokens"))
      case .dropped(let rule) where rule.isOfPrediction:
        omitted.append((tensor, rule.reason))
      default: kept.append(tensor)
      }
    }
    return checkpoint.replacing(tensors: kept, unused: omitted)
  }

  /// The hyperparameters of a model with `count` layers that predict more tokens.
  func stating(predictionLayerCount count: Int, in hyperparameters: HyperparameterSet) -> HyperparameterSet {
    guard predictionLayers != nil, let layerCount = hyperparameters.integer("layer_count") else {
      return hyperparameters
    }
    var hyperparameters = hyperparameters
    hyperparameters.values[PredictionLayersRule.count] = .integer(count)
    hyperparameters.values[PredictionLayersRule.allLayers] = .integer(layerCount + count)
    return hyperparameters
  }

  /// The metadata of a GGUF of a model with these hyperparameters: its layer counts, and what follows from them, are
  /// replaced, removed or inserted where the reference converter has them.
  public func restatingLayerCounts(_ metadata: Metadata, _ hyperparameters: HyperparameterSet) -> Metadata {
    guard predictionLayers != nil else { return metadata }
    let order = ggufMetadata.flatMap { rule in rule.keys.map(ggufKey) }
    var stated: [ExactString: MetadataValue] = [:], keys: [ExactString] = []
    for rule in ggufMetadata where rule.countsPredictionLayers {
      keys += rule.keys.map { ExactString(ggufKey($0)) }
      for (key, value) in self.metadata(of: rule, hyperparameters, explicitRotary: [:]) {
        stated[ExactString(key)] = value
      }
    }
    let isOther = keys.contains { metadata.pairs[$0]?.integer ?? 0 != stated[$0]?.integer ?? 0 }
    guard isOther else { return metadata }
    var restated = metadata
    for key in keys {
      guard restated.pairs[key] == nil, let value = stated[key], let place = order.firstIndex(of: key.text) else {
        restated.pairs[key] = stated[key]
        continue
      }
      let next = order[(place + 1)...].lazy.compactMap { restated.pairs.index(forKey: ExactString($0)) }.first
      restated.pairs.updateValue(value, forKey: key, insertingAt: next ?? restated.pairs.count)
    }
    return restated
  }
}

extension GGUFMetadataRule {
  /// The keys of a pair, or the first key of a group; none of a group without a fixed one.
  fileprivate var keys: [String] {
    switch self {
    case .pair(let key, _, _): [key]
    case .vocabulary: ["tokenizer.ggml.model"]
    case .fileType: ["general.file_type"]
    case .quantizationVersion: ["general.quantization_version"]
    case .rotaryScaling, .longRoPEFactor, .general: []
    }
  }

  /// Whether its value follows from the number of layers that predict more tokens.
  fileprivate var countsPredictionLayers: Bool {
    guard case .pair(_, .formula(let formula), _) = self else { return false }
    return formula.hyperparameterNames.contains(PredictionLayersRule.count)
  }
}
