import Bytes
import Synchronization
import Tokenization

/// The bundled definitions: what identifies each, and the whole of one when it is first asked for.
///
/// Most runs of the program need one of them.
final class BundledArchitectures: Sendable {
  /// A definition's file without its ending, and what identifies the definition.
  typealias Entry = (file: String, identity: ArchitectureIdentity)

  /// The program parses them once.
  static let shared = Result { () throws in try BundledArchitectures() }

  /// The files as JSON, by name; `extends` names them.
  let bases: [String: JSON]
  /// Those that are architectures: the ones that most others extend before these, else by name.
  let entries: [Entry]
  /// The tokenizer classes of all definitions.
  let tokenizerClasses: TokenizerClasses
  private let read = Mutex<[String: ArchitectureDefinition]>([:])

  private init() throws {
    var bases: [String: JSON] = [:]
    for file in BundledDefinitions.files {
      bases[String(file.name.dropLast(".json".count))] = try LocatedError.naming(file.name) {
        () throws(JSONError) in try JSON(parsing: file.bytes)
      }
    }
    let heads = bases.mapValues(ArchitectureIdentity.head)
    var entries: [Entry] = [], classes = TokenizerClasses()
    for (file, head) in heads.sorted(by: { $0.key < $1.key }) {
      entries.append(
        try LocatedError.naming(file + ".json") { () throws(DefinitionError) in
          let maximumDepth = ArchitectureDefinition.maximumDepth
          let extended = try ExtendedDefinition(head, bases: heads, maximumDepth: maximumDepth)
          var object = try StrictObject(extended.json, at: "")
          let identity = try ArchitectureIdentity(extended, &object)
          classes.add(try TokenizerClasses(&object))
          return (file, identity)
        })
    }
    // Where several fit equally well, the one that others extend is meant.
    let followers = entries.flatMap(\.identity.baseNames).reduce(into: [:]) { $0[$1, default: 0] += 1 }
    self.bases = bases
    self.entries = entries.filter { !$0.identity.isAbstract }.sorted {
      let (one, other) = ($0.identity.name, $1.identity.name)
      return (followers[other] ?? 0, one) < (followers[one] ?? 0, other)
    }
    tokenizerClasses = classes
  }

  /// The definition in `file`, with the tokenizer classes of all.
  ///
  /// - Precondition: the file is a definition, which a test makes sure of.
  func definition(in file: String) -> ArchitectureDefinition {
    if let known = read.withLock({ $0[file] }) { return known }
    do {
      var definition = try load(file)
      definition.vocabulary.tokenizerClasses = tokenizerClasses
      read.withLock { $0[file] = definition }
      return definition
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// Reads the definition in `file`.
  func load(_ file: String) throws -> ArchitectureDefinition {
    try LocatedError.naming(file + ".json") { () throws(DefinitionError) in
      try ArchitectureDefinition(json: bases[file] ?? .null, bases: bases)
    }
  }
}
