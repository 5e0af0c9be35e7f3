import Bytes
import Synchronization
import Tokenization

/// The bundled definitions: what identifies each, and the whole of one when it is first asked for.
///
/// Most runs of the program need one of them, so what identifies each is written down when the program is built.
final class BundledArchitectures: Sendable {
  /// A definition's file without its ending, and what identifies the definition.
  typealias Entry = (file: String, identity: ArchitectureIdentity)

  /// The program reads the tokenizer classes once.
  static let shared = Result { () throws in try BundledArchitectures() }

  /// Those that are architectures: the ones that most others extend before these, else by name.
  let entries: [Entry]
  /// The tokenizer classes of all definitions.
  let tokenizerClasses: TokenizerClasses
  private let read = Mutex(Contents())

  /// What has been read of the files, by name.
  private struct Contents {
    var files: [String: JSON] = [:]
    var definitions: [String: ArchitectureDefinition] = [:]
  }

  private init() throws {
    var classes = TokenizerClasses()
    for (file, members) in try JSON(parsing: Array(BundledDefinitions.tokenizers.utf8)).object ?? [:] {
      try LocatedError.naming(file.text + ".json") { () throws(DefinitionError) in
        var object = try StrictObject(members, at: "")
        classes.add(try TokenizerClasses(&object))
      }
    }
    let entries = BundledDefinitions.identities
    // Where several fit equally well, the one that others extend is meant.
    let followers = entries.flatMap(\.identity.baseNames).reduce(into: [:]) { $0[$1, default: 0] += 1 }
    self.entries = entries.filter { !$0.identity.isAbstract }.sorted {
      let (one, other) = ($0.identity.name, $1.identity.name)
      return (followers[other] ?? 0, one) < (followers[one] ?? 0, other)
    }
    tokenizerClasses = classes
  }

  /// Returns the whole definition of an entry, with the tokenizer classes of all.
  ///
  /// - Precondition: the file is a valid definition, which a test makes sure of.
  func definition(of entry: Entry) -> ArchitectureDefinition {
    if let known = read.withLock({ $0.definitions[entry.file] }) { return known }
    do {
      var definition = try load(entry)
      definition.vocabulary.tokenizerClasses = tokenizerClasses
      read.withLock { $0.definitions[entry.file] = definition }
      return definition
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// Returns all files as JSON, by name, of which a user's definition may extend any.
  func allFiles() throws -> [String: JSON] {
    Dictionary(uniqueKeysWithValues: try BundledDefinitions.files.keys.map { ($0, try json(of: $0)) })
  }

  private func load(_ entry: Entry) throws -> ArchitectureDefinition {
    let json = try json(of: entry.file)
    let bases = try entry.identity.baseNames.map { ($0, try self.json(of: $0)) }
    return try LocatedError.naming(entry.file + ".json") { () throws(DefinitionError) in
      try ArchitectureDefinition(
        unchecked: json, bases: Dictionary(uniqueKeysWithValues: bases),
        maximumDepth: ArchitectureDefinition.maximumDepth)
    }
  }

  /// Parses the file called `name` when it is first asked for.
  private func json(of name: String) throws -> JSON {
    if let known = read.withLock({ $0.files[name] }) { return known }
    let json = try LocatedError.naming(name + ".json") {
      () throws(JSONError) in try JSON(parsing: Array((BundledDefinitions.files[name] ?? "").utf8))
    }
    read.withLock { $0.files[name] = json }
    return json
  }
}
