import Bytes

/// The tokenizer classes of transformers by name, and which of them it registers for a `model_type`.
public struct TokenizerClasses: Sendable, Hashable {
  /// The class that takes `tokenizer.json` as it is, by the name that transformers 5 has for it.
  public static let generic = "TokenizersBackend"
  /// The name under which every version of transformers knows the generic class.
  static let writtenGeneric = "PreTrainedTokenizerFast"

  /// The class that transformers registers for a model type.
  public struct Registration: Sendable, Hashable {
    /// The name, without the suffix `Fast`.
    public let className: String
    /// Whether it is used even if `tokenizer_config.json` names another class.
    public let overridesFiles: Bool

    /// Registers `className`.
    public init(className: String, overridesFiles: Bool = false) {
      self.className = className
      self.overridesFiles = overridesFiles
    }
  }

  /// The classes with rules of their own, by name.
  public var classes: [String: TokenizerClass] = [:]
  /// The registrations by `model_type`.
  public var registered: [String: Registration] = [:]

  /// Creates an empty set, in which every file is taken as it is.
  public init() {}

  /// Adds the classes and registrations of `other`, except those that are already there.
  public mutating func add(_ other: TokenizerClasses) {
    classes.merge(other.classes) { own, _ in own }
    registered.merge(other.registered) { own, _ in own }
  }

  /// The class for the files of a folder; nil if `tokenizer.json` is taken as it is.
  func `class`(for files: TokenizerFiles) -> TokenizerClass? {
    let own = registered[files.model?["model_type"]?.string ?? ""]
    let name = (files.configuration?["tokenizer_class"] ?? files.model?["tokenizer_class"])?.string.map { name in
      name.hasSuffix("Fast") && !name.hasPrefix("PreTrained") ? String(name.dropLast("Fast".count)) : name
    }
    guard let name else { return own.flatMap { classes[$0.className] } }
    if let declared = classes[name], declared.yieldsToByteLevel, own?.overridesFiles != true,
      files.tokenizer?.mentions("ByteLevel") ?? false
    {
      return nil
    }
    guard let own, own.className != name else { return classes[name] }
    if own.className == Self.generic { return nil }
    return classes[own.overridesFiles ? own.className : name]
  }

  /// The name of the class that is written for vocabularies of `kind`.
  func writtenName(for kind: Vocabulary.Kind) -> String {
    classes.filter { $0.value.writtenFor == kind.source }.keys.min() ?? Self.writtenGeneric
  }
}

extension Vocabulary.Kind {
  fileprivate var source: VocabularyRules.Source {
    switch self {
    case .sentencePiece: .sentencePiece
    case .mergedPieces: .mergedPieces
    case .byteLevel: .byteLevel
    case .wordPiece: .wordPiece
    case .unigram: .unigram
    }
  }
}

extension JSON {
  /// Whether `text` is a string or a key anywhere in this value.
  func mentions(_ text: String) -> Bool {
    switch self {
    case .string(let own): own == text
    case .array(let elements): elements.contains { $0.mentions(text) }
    case .object(let members): members[ExactString(text)] != nil || members.values.contains { $0.mentions(text) }
    default: false
    }
  }
}
