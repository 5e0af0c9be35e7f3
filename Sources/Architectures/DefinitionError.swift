import Bytes

/// An error in a definition.
public struct DefinitionError: IngotError {
  /// The reason.
  public enum Reason: Sendable, Hashable {
    /// A member that no definition has here, and the member that it is a misspelling of.
    case unknownMember(String, nearest: String?)
    case missing(String)
    case wrongKind(expected: String, found: String)
    case badPattern(String)
    case badTransform(String)
    case incompatibleTransforms(String)
    case badFusionOrder(String)
    case notDetectable(String)
    case badExpression(String)
    /// A name that no member of the definition declares: of a naming scheme, a hyperparameter, a role or a class.
    case undeclared(Declaration, String, nearest: String?)
    case unknownBase(String, nearest: String?)
    case extendsItself(String)
    case extendsTooDeep(String)
    case nothingToRemove(String)
    case duplicate(String)
    case ambiguousNames(String, String)
  }

  /// The kinds of named declarations in a definition.
  public enum Declaration: String, Sendable, Hashable {
    case scheme = "naming scheme"
    case hyperparameter
    case role
    case preTokenizer = "pre-tokenizer"
    case tokenizerClass = "tokenizer class"
    case modelType = "model type"

    /// The member that declares it; nil for what is built in.
    var member: String? {
      switch self {
      case .scheme: "schemes"
      case .hyperparameter: "hyperparameters"
      case .role: "tensors"
      case .preTokenizer: nil
      case .tokenizerClass: "tokenizer_classes"
      case .modelType: "hyperparameter_defaults"
      }
    }
  }

  /// The key path in the definition: `tensors.attention_query.names`.
  public let keyPath: String
  /// The reason.
  public let reason: Reason

  public var category: ErrorCategory { .input }

  public var description: String {
    (keyPath.isEmpty ? "definition: " : "definition, \(keyPath.escapedForDisplay): ") + reason.wording
  }
}

extension DefinitionError.Reason {
  fileprivate var wording: String {
    switch self {
    case .unknownMember(let key, let nearest): "unknown key \(key.quoted)\(Self.hint(nearest))"
    case .missing(let key): "key \(key.quoted) is missing"
    case .wrongKind(let expected, let found): "expected \(expected), found \(found)"
    case .badPattern(let text):
      "\(text.quoted) is not a name pattern (a whole name with at most one {layer} and one {instance} between dots)"
    case .incompatibleTransforms(let subject): "two transforms change \(subject)"
    case .badTransform(let text):
      "\(text.quoted) is not a transform (known: rotary(HEADS), separate_pairs(HEADS,ROTATED), tiled(GROUPS,HEADS),"
        + " tiled_columns(GROUPS,HEADS), plus_one, negative_exp, transpose, transpose(BLOCKS))"
    case .badFusionOrder(let text):
      "\(text.quoted) is not a fusion order (known: concatenated, grouped(GROUPS), stacked)"
    case .notDetectable(let text):
      "\(text.quoted) is not a transform that can be detected from values (known: "
        + "\(TransformRule.Kind.detectableNames.joined(separator: ", ")))"
    case .badExpression(let text):
      "\(text.quoted) is not a formula (hyperparameters and numbers with + - * / // int( ) and parentheses)"
    case .undeclared(let kind, let name, let nearest):
      kind.member.map { "\(kind.rawValue) \(name.quoted) is not declared under \($0.quoted)\(Self.hint(nearest))" }
        ?? "\(kind.rawValue) \(name.quoted) is unknown\(Self.hint(nearest))"
    case .unknownBase(let name, let nearest):
      "extends \(name.quoted), which is not a bundled definition\(Self.hint(nearest))"
    case .extendsItself(let name): "extends \(name.quoted), which extends this definition"
    case .extendsTooDeep(let name):
      "extends \(name.quoted), which itself extends as many definitions as are allowed (\(ArchitectureDefinition.maximumDepth))"
    case .nothingToRemove(let name): "\(name.quoted) is not in the base definition, so it cannot be removed"
    case .duplicate(let name): "\(name.quoted) occurs twice"
    case .ambiguousNames(let first, let second): "\(first.quoted) and \(second.quoted) match the same tensor"
    }
  }

  private static func hint(_ nearest: String?) -> String { nearest.map { " (did you mean \($0.quoted)?)" } ?? "" }
}
