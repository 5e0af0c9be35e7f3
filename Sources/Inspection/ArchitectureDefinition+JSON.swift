import Architectures
import Bytes

extension ArchitectureDefinition {
  /// The name and version of the layout of `json`.
  public static let schema = "ingot.architecture/1"

  /// The definition with everything it inherits, as documented in `docs/json.md`.
  public var json: JSON {
    .members([
      "schema": .string(Self.schema), "name": .string(name), "summary": .string(summary),
      "classes": .array(classes.map { .string($0) }), "model_types": .array(modelTypes.map { .string($0) }),
      "gguf_architecture": .string(ggufArchitecture),
      "gguf_key": distinctiveKey.map { .string($0) } ?? .null,
      "naming_schemes": .array(schemes.map { .string($0.name) }),
      "parameters": .array(parameters.map(\.json)),
      "tensors": .array(tensors.map { json(of: $0) }),
      "packed": .array(packed.map { json(of: $0) }),
      "told_by_values": .array(transformsToldByValues.map { .string($0.rawValue) }),
      "forward_pass": forwardPass?.json ?? .null,
    ])
  }

  private func json(of rule: TensorRule) -> JSON {
    var names: JSON.Object = [:]
    for scheme in schemes { names[ExactString(scheme.name)] = pattern(of: rule, in: scheme).map { .string($0.text) } }
    return .members([
      "role": .string(rule.role.rawValue), "shape": .array(rule.shape.map { .string($0.description) }),
      "instances": rule.instances.map { .string($0.description) } ?? .null,
      "optional": .bool(rule.isOptional), "tied_to": rule.tiedTo.map { .string($0.rawValue) } ?? .null,
      "names": .object(names), "transforms": transforms(rule.transforms.mapValues(\.wording)),
    ])
  }

  private func json(of rule: FusedTensorRule) -> JSON {
    var names: JSON.Object = [:]
    for scheme in schemes {
      names[ExactString(scheme.name)] = patterns(of: rule, in: scheme)?.first.map { .string($0.text) }
    }
    return .members([
      "roles": .array(rule.roles.map { .string($0.rawValue) }), "names": .object(names),
      "arrangements": transforms(rule.arrangements.mapValues(\.wording)),
      "transposed": .array(rule.transposedSchemes.sorted().map { .string($0) }),
    ])
  }

  /// By scheme, in the order of the schemes; a scheme has those of its base.
  private func transforms(_ wordings: [String: String]) -> JSON {
    var members: JSON.Object = [:]
    for scheme in schemes {
      members[ExactString(scheme.name)] = (wordings[scheme.name] ?? scheme.base.flatMap { wordings[$0] }).map {
        .string($0)
      }
    }
    return .object(members)
  }
}

extension HyperparameterRule {
  var json: JSON {
    .members([
      "name": .string(name), "type": .string(typeName), "config": .array(configKeys.map { .string($0) }),
      "meta": metaKey.map { .string($0) } ?? .null, "default": defaultWording.map { .string($0) } ?? .null,
      "optional": .bool(isOptional),
    ])
  }
}

extension HyperparameterRule {
  /// The type as a definition spells it.
  public var typeName: String { isList ? "[\(kind.rawValue)]" : kind.rawValue }

  /// The defaults as a definition spells them; nil for none.
  public var defaultWording: String? {
    defaults.isEmpty ? nil : defaults.map(\.wording).joined(separator: ", or ")
  }
}

extension HyperparameterRule.Default {
  fileprivate var wording: String {
    switch self {
    case .value(let value): value.description
    case .formula(let formula): formula.description
    }
  }
}
