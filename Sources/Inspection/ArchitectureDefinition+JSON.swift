import Architectures
import Bytes

extension ArchitectureDefinition {
  /// The name and version of the layout of `json`.
  public static let schema = "ingot.architecture/1"

  /// The definition with everything it inherits, as documented in `docs/json.md`.
  public var json: JSON {
    .members([
      "schema": .string(Self.schema), "name": .string(name), "summary": .string(summary),
      "extends": .array(baseNames.reversed().map { .string($0) }),
      "classes": .array(classes.map { .string($0) }), "model_types": .array(modelTypes.map { .string($0) }),
      "config_keys": .array(identity.configKeys.map { .string($0) }),
      "gguf_architecture": ggufArchitecture.map { .string($0) } ?? .null,
      "gguf_keys": .array(distinctiveKeys.map { .string($0) }),
      "gguf_output": ggufArchitecture == nil ? .null : .string(ggufOutput.rawValue),
      "naming_schemes": .array(schemes.map { .string($0.name) }),
      "hyperparameters": .array(hyperparameters.map { json(of: $0) }),
      "config_constants": .object(configConstants), "expected_config": .object(expectedConfig),
      "rope_parameters": .string(ropeForm.rawValue),
      "rope_types": .object(
        JSON.Object(
          uniqueKeysWithValues: ropeTypes.sorted { $0.key < $1.key }.map { (ExactString($0.key), .string($0.value)) })),
      "gguf_metadata": .array(ggufMetadata.map { json(of: $0) }),
      "tensors": .array(tensors.map { json(of: $0) }),
      "fused": .array(fused.map { json(of: $0) }),
      "derived": .array(derived.map { json(of: $0) }),
      "dropped": .array(dropped.map(\.json)),
      "prediction_layers": predictionLayers.map { rule in
        .members([
          "prefixes": .object(
            JSON.Object(
              uniqueKeysWithValues: rule.prefixes.map {
                (ExactString($0.key), .object([ExactString($0.value.base): .string($0.value.own)]))
              })),
          "dropped": rule.dropReason.map { .string($0) } ?? .null,
        ])
      } ?? .null,
      "detectable_transforms": .array(detectableTransforms.map { .string($0.rawValue) }),
      "vocabulary": .object(vocabulary.members),
      "tokenizers": .object(tokenizerNames),
      "forward_pass": forwardPass?.json ?? .null,
    ])
  }

  private func json(of rule: TensorRule) -> JSON {
    var members: JSON.Object = [
      "role": .string(rule.role.rawValue), "shape": .array(rule.shape.map { .string($0.description) }),
      "instances": rule.instances.map { .string($0.description) } ?? .null,
      "layers": rule.layers.map { .string($0.description) } ?? .null,
      "required_in": rule.requiredLayers.map { .string($0.description) } ?? .null,
      "optional": .bool(rule.isOptional), "padding_rows": .bool(rule.mayHavePaddingRows),
      "tied_to": rule.tiedTo.map { .string($0.rawValue) } ?? .null,
      "names": names { pattern(of: rule, in: $0) },
      "transforms": wordings(rule.transforms.mapValues { $0.map(\.wording).joined(separator: ", ") }),
    ]
    // What few tensors have.
    if rule.firstLayer > 0 { members["first_layer"] = .integer(rule.firstLayer) }
    if let reason = rule.unusedReason { members["unused"] = .string(reason) }
    if let warning = rule.ggufWarning { members["gguf_warning"] = .string(warning) }
    if rule.isOfPrediction { members["prediction"] = .bool(true) }
    if rule.isLeftOutByReference { members["left_out_by_reference"] = .bool(true) }
    return .object(members)
  }

  private func json(of rule: FusedTensorRule) -> JSON {
    .members([
      "roles": .array(rule.roles.map { .string($0.rawValue) }),
      "names": names { patterns(of: rule, in: $0)?.first },
      "fusion_orders": wordings(rule.fusionOrders.mapValues(\.wording)),
      "transposed": .array(rule.transposedSchemes.sorted().map { .string($0) }),
      "transposed_or_not": .array(rule.turnedSchemes.sorted().map { .string($0) }),
    ])
  }

  private func json(of rule: DerivedRule) -> JSON {
    .members(["role": .string(rule.role.rawValue), "names": names { pattern(of: rule, in: $0) }])
  }

  /// Names by scheme, in the order of the schemes.
  private func names(_ pattern: (NamingScheme) -> NamePattern?) -> JSON {
    var members: JSON.Object = [:]
    for scheme in schemes { members[ExactString(scheme.name)] = pattern(scheme).map { .string($0.text) } }
    return .object(members)
  }

  /// Wordings by scheme, in the order of the schemes; a scheme has those of its base.
  private func wordings(_ wordings: [String: String]) -> JSON {
    var members: JSON.Object = [:]
    for scheme in schemes {
      let wording = wordings[scheme.name] ?? scheme.base.flatMap { wordings[$0] }
      members[ExactString(scheme.name)] = wording.map { .string($0) }
    }
    return .object(members)
  }

  private func json(of rule: GGUFMetadataRule) -> JSON {
    guard case .pair(let key, let value, let condition) = rule else {
      return .members(["group": .string(rule.wording)])
    }
    return .members([
      "key": .string(ggufKey(key)), "value": .string(value.wording),
      "when": condition.wording.map { .string($0) } ?? .null,
    ])
  }

  /// By model type, the tokenizer class that transformers registers.
  private var tokenizerNames: JSON.Object {
    var members: JSON.Object = [:]
    for type in modelTypes {
      members[ExactString(type)] = vocabulary.tokenizerClasses.registered[type].map { .string($0.className) }
    }
    return members
  }
}

extension DroppedRule {
  fileprivate var json: JSON {
    .members([
      "name": .string(pattern.text), "reason": .string(reason),
      "copy_of": copyOf.map { .string($0.rawValue) } ?? .null,
    ])
  }
}
