import Architectures
import Bytes

extension Definition {
  /// The name and version of the layout of `json`.
  public static let schema = "ingot.architecture/1"

  /// The definition with everything it inherits, as documented in `docs/json.md`.
  public var json: JSON {
    .members([
      "schema": .string(Self.schema), "name": .string(name), "summary": .string(summary),
      "classes": .array(classes.map { .string($0) }), "model_types": .array(modelTypes.map { .string($0) }),
      "gguf_architecture": .string(ggufArchitecture),
      "naming_schemes": .array(schemes.map { .string($0.name) }),
      "parameters": .array(parameters.map(\.json)),
      "tensors": .array(tensors.map { json(of: $0) }),
      "forward_pass": forwardPass?.json ?? .null,
    ])
  }

  private func json(of rule: TensorRule) -> JSON {
    var names: JSON.Object = [:]
    var transforms: JSON.Object = [:]
    for scheme in schemes {
      names[ExactString(scheme.name)] = pattern(of: rule, in: scheme).map { .string($0.text) }
      if let words = transformWording(of: rule, in: scheme) {
        transforms[ExactString(scheme.name)] = .string(words)
      }
    }
    return .members([
      "role": .string(rule.role.rawValue), "shape": .array(rule.shape.map { .string($0.description) }),
      "optional": .bool(rule.isOptional), "tied_to": rule.tiedTo.map { .string($0.rawValue) } ?? .null,
      "names": .object(names), "transforms": .object(transforms),
    ])
  }

  /// The transform of `rule` in `scheme` as a definition spells it; nil for identity.
  public func transformWording(of rule: TensorRule, in scheme: NamingScheme) -> String? {
    switch rule.transforms[scheme.name] ?? scheme.base.flatMap({ rule.transforms[$0] }) {
    case .rotaryPermutation(let headCount): "rotary(\(headCount))"
    case nil: nil
    }
  }
}

extension ParameterRule {
  var json: JSON {
    .members([
      "name": .string(name), "type": .string(kind.rawValue), "config": .array(configKeys.map { .string($0) }),
      "meta": metaKey.map { .string($0) } ?? .null, "default": defaultValue.map { .string($0.wording) } ?? .null,
      "optional": .bool(isOptional),
    ])
  }
}

extension ParameterRule.Default {
  /// The default as a definition spells it.
  public var wording: String {
    switch self {
    case .value(let value): value.description
    case .quotient(let dividend, let divisor): divisor.map { "\(dividend)/\($0)" } ?? dividend
    }
  }
}
