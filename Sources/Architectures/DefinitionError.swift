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
    case badArrangement(String)
    case notTestable(String)
    case badExpression(String)
    case unknownScheme(String)
    case unknownParameter(String)
    case unknownRole(String)
    case unknownBase(String)
    case extendsTooDeep(String)
    case nothingToRemove(String)
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
      prefix
        + "\(text.quoted) is not a name pattern (a whole name with at most one {layer} and one {instance} between dots)"
    case .badTransform(let text):
      prefix + "\(text.quoted) is not a transform (known: rotary(HEADS), plus_one, transpose, transpose(BLOCKS))"
    case .badArrangement(let text):
      prefix + "\(text.quoted) is not an arrangement (known: concatenated, grouped(GROUPS), stacked)"
    case .notTestable(let text):
      prefix + "\(text.quoted) is not a transform that values tell (known: "
        + "\(TransformRule.Kind.testableNames.joined(separator: ", ")))"
    case .badExpression(let text):
      prefix + "\(text.quoted) is not a formula (parameters and numbers with + - * / // int( ) and parentheses)"
    case .unknownScheme(let name): prefix + "naming scheme \(name.quoted) is not declared under \"schemes\""
    case .unknownParameter(let name): prefix + "parameter \(name.quoted) is not declared under \"parameters\""
    case .unknownRole(let name): prefix + "role \(name.quoted) is not declared under \"tensors\""
    case .unknownBase(let name): prefix + "extends \(name.quoted), which is no bundled definition"
    case .extendsTooDeep(let name):
      prefix + "extends \(name.quoted), with more than \(ExtendedDefinition.maximumDepth) definitions on the way"
    case .nothingToRemove(let name):
      prefix + "\(name.quoted) is no parameter, role or dropped tensor of the base"
    case .duplicate(let name): prefix + "\(name.quoted) occurs twice"
    case .ambiguousNames(let first, let second):
      prefix + "\(first.quoted) and \(second.quoted) match the same tensor"
    }
  }
}
