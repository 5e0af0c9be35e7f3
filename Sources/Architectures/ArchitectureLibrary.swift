import Bytes
import Tokenization

/// The definitions that can be chosen from: the bundled ones, and a user's own before them.
///
/// A bundled definition is read when it is first asked for; `identities` has what is needed to ask for the right one.
public struct ArchitectureLibrary: Sendable {
  /// What identifies the definitions, in their order.
  public let identities: [ArchitectureIdentity]
  /// The tokenizer classes of all definitions.
  public let tokenizerClasses: TokenizerClasses
  /// The user's.
  private let own: [ArchitectureDefinition]
  private let bundled: BundledArchitectures

  /// The bundled definitions.
  public static func bundled() throws -> ArchitectureLibrary {
    try ArchitectureLibrary(own: [])
  }

  /// Reads the user's definition in the file at `path`, by the same loader as the bundled ones.
  ///
  /// - Throws: errors of reading, and `LocatedError` with a `JSONError` or a `DefinitionError`.
  public static func bundled(withMapping path: String) throws -> ArchitectureLibrary {
    try bundled(withMapping: try InputLocation.openFile(path).wholeContent(limit: maximumByteCount), at: path)
  }

  /// Reads the user's definition with these bytes, which are the file at `path`.
  package static func bundled(withMapping bytes: [UInt8], at path: String) throws -> ArchitectureLibrary {
    try ArchitectureLibrary(own: [(path, bytes)])
  }

  /// The definitions: a user's first, then the bundled ones, those that most others extend before these, else by name.
  ///
  /// - Complexity: reads all bundled definitions the first time.
  public var definitions: [ArchitectureDefinition] { identities.indices.map(definition) }

  /// The definitions with these identities, in order.
  public func definitions(
    where isMatch: (ArchitectureIdentity) -> Bool
  ) -> [ArchitectureDefinition] {
    identities.indices.filter { isMatch(identities[$0]) }.map(definition)
  }

  /// The first definition with such an identity.
  public func firstDefinition(where isMatch: (ArchitectureIdentity) -> Bool) -> ArchitectureDefinition? {
    identities.firstIndex(where: isMatch).map(definition)
  }

  /// The first definition with such an identity: one whose members config.json has, or else one that needs none.
  public func firstDefinition(
    of config: Configuration, where isMatch: (ArchitectureIdentity) -> Bool
  ) -> ArchitectureDefinition? {
    func hasMember(_ identity: ArchitectureIdentity) -> Bool {
      identity.configKeys.contains { config.json[$0].map { !$0.isNull && $0.integer != 0 } ?? false }
    }
    return firstDefinition { isMatch($0) && hasMember($0) } ?? firstDefinition { isMatch($0) && $0.configKeys.isEmpty }
      ?? firstDefinition(where: isMatch)
  }

  /// The definition called `name`.
  public func definition(named name: String) -> ArchitectureDefinition? { firstDefinition { $0.name == name } }

  /// The definition that matches the class or, where none does, the `model_type` of a model.
  public func definition(class className: String?, modelType: String?) -> ArchitectureDefinition? {
    firstDefinition { $0.classes.contains(className ?? "") }
      ?? firstDefinition { $0.modelTypes.contains(modelType ?? "") }
  }

  /// A definition file may have this many bytes; the bundled ones have about ten thousand.
  static let maximumByteCount = 4 << 20

  private typealias File = (name: String, bytes: [UInt8])

  private init(own files: [File]) throws {
    let bundled = try BundledArchitectures.shared.get()
    // A user's definition may extend any bundled one.
    let bases = try files.isEmpty ? [:] : bundled.allFiles()
    own = try files.map { file in
      let json = try LocatedError.naming(file.name) { () throws(JSONError) in try JSON(parsing: file.bytes) }
      return try LocatedError.naming(file.name) { () throws(DefinitionError) in
        try ArchitectureDefinition(
          json: json, bases: bases, maximumDepth: ArchitectureDefinition.maximumDepth + 1)
      }
    }
    var classes = TokenizerClasses()
    for known in own.map(\.vocabulary.tokenizerClasses) + [bundled.tokenizerClasses] { classes.add(known) }
    do {
      try classes.validate()
    } catch {
      throw files.first.map { LocatedError(path: $0.name, reason: error) } ?? error
    }
    tokenizerClasses = classes
    identities = own.map(\.identity) + bundled.entries.map(\.identity)
    self.bundled = bundled
  }

  private func definition(at index: Int) -> ArchitectureDefinition {
    let isOwn = index < own.count
    var definition = isOwn ? own[index] : bundled.definition(of: bundled.entries[index - own.count])
    if !own.isEmpty { definition.vocabulary.tokenizerClasses = tokenizerClasses }
    return definition
  }
}
