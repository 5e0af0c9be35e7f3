import Bytes
import Tokenization

/// The definitions that can be chosen from: the bundled ones, and a user's own before them.
public struct ArchitectureLibrary: Sendable {
  /// The definitions: a user's first, then the bundled ones, those that most others extend before these, else by name.
  public let definitions: [ArchitectureDefinition]

  /// Reads the bundled definitions.
  public static func bundled() throws -> ArchitectureLibrary {
    try ArchitectureLibrary(own: [])
  }

  /// Reads the user's definition in the file at `path`, by the same loader, and the bundled ones.
  ///
  /// - Throws: errors of reading, and `LocatedError` with a `JSONError` or a `DefinitionError`.
  public static func bundled(withMapping path: String) throws -> ArchitectureLibrary {
    try ArchitectureLibrary(own: [(path, try InputLocation.openFile(path).wholeContent(limit: maximumByteCount))])
  }

  /// The definition called `name`.
  public func definition(named name: String) -> ArchitectureDefinition? { definitions.first { $0.name == name } }

  /// The definition that matches the class or, where none does, the `model_type` of a model.
  public func definition(class className: String?, modelType: String?) -> ArchitectureDefinition? {
    definitions.first { $0.classes.contains(className ?? "") }
      ?? definitions.first { $0.modelTypes.contains(modelType ?? "") }
  }

  /// A definition file may have this many bytes; the bundled ones have about ten thousand.
  static let maximumByteCount = 4 << 20

  private typealias File = (name: String, bytes: [UInt8])

  private init(own files: [File]) throws {
    let (bases, bundled) = try Self.bundledDefinitions.get()
    // A user's definition may extend any bundled one.
    let own = try files.map { file in
      try Self.load(file.name, try Self.parse(file), bases, ArchitectureDefinition.maximumDepth + 1)
    }
    // Where several fit equally well, the one that others extend is meant.
    let followers = bundled.flatMap(\.baseNames).reduce(into: [:]) { $0[$1, default: 0] += 1 }
    let sorted = bundled.filter { !$0.isAbstract }.sorted {
      (followers[$1.name] ?? 0, $0.name) < (followers[$0.name] ?? 0, $1.name)
    }
    var classes = TokenizerClasses()
    for definition in own + bundled { classes.add(definition.vocabulary.tokenizerClasses) }
    do {
      try classes.validate()
    } catch {
      throw files.first.map { LocatedError(path: $0.name, reason: error) } ?? error
    }
    definitions = (own + sorted).map { definition in
      var definition = definition
      definition.vocabulary.tokenizerClasses = classes
      return definition
    }
  }

  /// The bundled definitions, as JSON by name and read; the program reads them once.
  private static let bundledDefinitions = Result<([String: JSON], [ArchitectureDefinition]), any Error> {
    var bases: [String: JSON] = [:]
    for file in BundledDefinitions.files { bases[String(file.name.dropLast(".json".count))] = try parse(file) }
    let definitions = try bases.sorted { $0.key < $1.key }.map { name, json in
      try load(name + ".json", json, bases, ArchitectureDefinition.maximumDepth)
    }
    return (bases, definitions)
  }

  private static func load(
    _ path: String, _ json: JSON, _ bases: [String: JSON], _ maximumDepth: Int
  ) throws -> ArchitectureDefinition {
    do {
      return try ArchitectureDefinition(json: json, bases: bases, maximumDepth: maximumDepth)
    } catch {
      throw LocatedError(path: path, reason: error)
    }
  }

  private static func parse(_ file: File) throws -> JSON {
    do {
      return try JSON(parsing: file.bytes)
    } catch {
      throw LocatedError(path: file.name, reason: error)
    }
  }
}
