import Bytes

/// The definitions that can be chosen from: the bundled ones, and a user's own before them.
public struct ArchitectureLibrary: Sendable {
  /// The definitions: a user's first, then the bundled ones, those that most others extend before these, else by name.
  public let definitions: [ArchitectureDefinition]

  /// The bundled definitions.
  public static func bundled() throws -> ArchitectureLibrary {
    let definitions = try load(BundledDefinitions.files, among: BundledDefinitions.files)
    // Where several fit equally well, the one that others extend is meant.
    let followers = definitions.flatMap(\.baseNames).reduce(into: [:]) { $0[$1, default: 0] += 1 }
    return ArchitectureLibrary(
      definitions: definitions.filter { !$0.isAbstract }.sorted {
        (followers[$1.name] ?? 0, $0.name) < (followers[$0.name] ?? 0, $1.name)
      })
  }

  /// The bundled definitions behind the user's own in the file at `path`, read by the same loader.
  public static func bundled(withMapping path: String) throws -> ArchitectureLibrary {
    let bytes = try InputLocation.openFile(path).wholeContent(limit: maximumByteCount)
    let file = (name: path, bytes: bytes)
    let own = try load([file], among: BundledDefinitions.files)
    return ArchitectureLibrary(definitions: own + (try bundled().definitions))
  }

  /// The definition called `name`.
  public func definition(named name: String) -> ArchitectureDefinition? { definitions.first { $0.name == name } }

  /// A definition file may have this many bytes; the bundled ones have about ten thousand.
  static let maximumByteCount = 4 << 20

  private static func load(
    _ files: [(name: String, bytes: [UInt8])], among library: [(name: String, bytes: [UInt8])]
  ) throws -> [ArchitectureDefinition] {
    var parsed: [String: JSON] = [:]
    for file in library { parsed[file.name] = try parse(file) }
    return try files.map { file in
      do {
        return try ArchitectureDefinition(json: try parse(file)) { parsed[$0 + ".json"] }
      } catch let error as DefinitionError {
        throw LocatedError(path: file.name, fact: error)
      }
    }
  }

  private static func parse(_ file: (name: String, bytes: [UInt8])) throws -> JSON {
    do {
      return try JSON(parsing: file.bytes)
    } catch {
      throw LocatedError(path: file.name, fact: error)
    }
  }
}
