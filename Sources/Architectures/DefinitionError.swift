import Bytes

/// Why a definition is refused.
public struct DefinitionError: IngotError {
  /// What is wrong.
  public enum Fact: Sendable, Hashable {
    case unknownKey(String)
    case missing(String)
    case wrongKind(expected: String, found: String)
    case badPattern(String)
    case badTransform(String)
    case unknownScheme(String)
    case unknownParameter(String)
    case unknownRole(String)
    case unknownBase(String)
    case baseExtendsAnother(String)
    case duplicate(String)
    case ambiguousNames(String, String)
  }

  /// Where in the definition: `tensors[3].names`.
  public let place: String
  /// The fact.
  public let fact: Fact

  public var category: ErrorCategory { .input }

  public var description: String {
    let prefix = place.isEmpty ? "definition: " : "definition, \(place): "
    return switch fact {
    case .unknownKey(let key): prefix + "unknown key \(key.quoted)"
    case .missing(let key): prefix + "key \(key.quoted) is missing"
    case .wrongKind(let expected, let found): prefix + "expected \(expected), found \(found)"
    case .badPattern(let text):
      prefix + "\(text.quoted) is not a name pattern (a whole name with at most one {layer})"
    case .badTransform(let text): prefix + "\(text.quoted) is not a transform (known: rotary(PARAMETER))"
    case .unknownScheme(let name): prefix + "naming scheme \(name.quoted) is not declared under \"schemes\""
    case .unknownParameter(let name): prefix + "parameter \(name.quoted) is not declared under \"parameters\""
    case .unknownRole(let name): prefix + "role \(name.quoted) is not declared under \"tensors\""
    case .unknownBase(let name): prefix + "extends \(name.quoted), which is no bundled definition"
    case .baseExtendsAnother(let name): prefix + "extends \(name.quoted), which itself extends another definition"
    case .duplicate(let name): prefix + "\(name.quoted) occurs twice"
    case .ambiguousNames(let first, let second):
      prefix + "\(first.quoted) and \(second.quoted) match the same tensor"
    }
  }
}
