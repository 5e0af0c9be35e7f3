import Architectures

extension GGUFMetadataRule {
  /// The key with `{arch}`, or the name of the group.
  public var wording: String {
    switch self {
    case .pair(let key, _, _): key
    default: Self.groups.first { $0.value == self }?.key ?? ""
    }
  }
}

extension GGUFMetadataRule.Value {
  /// The value as a definition spells it.
  public var wording: String {
    switch self {
    case .constant(let value): value.description
    case .formula(let formula): formula.description
    }
  }
}

extension GGUFMetadataRule.Condition {
  /// The condition as a definition spells it; nil for none.
  public var wording: String? {
    switch self {
    case .always: nil
    case .explicit: "explicit"
    case .unscaled: "unscaled"
    case .hyperparameter(let name): name
    }
  }
}
