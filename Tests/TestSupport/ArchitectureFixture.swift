import Bytes

/// A committed checkpoint of one architecture: `fixtures/architectures/<name>`.
public struct ArchitectureFixture: Sendable, CustomStringConvertible {
  /// What a definition has to bring about, each compared with golden files.
  public enum Part: String, Sendable {
    /// The GGUF is byte for byte the reference converter's.
    case conversion
    /// The GGUF becomes the folder's tensors again, byte for byte.
    case roundTrip = "round_trip"
    /// The forward pass agrees with transformers.
    case activations
  }

  /// The name of its folder.
  public let name: String
  /// What `fixture.json` says, or why the fixture cannot be used: then every test of it fails.
  private let facts: Result<Facts, Problem>

  /// A fixture that is not as it should be.
  public struct Problem: Error, CustomStringConvertible {
    public let description: String
  }

  private struct Facts {
    var expectedName: String
    var droppedTensors: Set<String>
    var hasGGUF: Bool
    var unusedRows: [String: Int]
    var prefix: String
    var tokenizer: String
    var pendingParts: Set<Part>
  }

  /// Reads `fixture.json` in the folder `name` of `folder`.
  public init(_ name: String, of folder: String = Fixtures.path("architectures")) {
    self.name = name
    do {
      let path = Path.join(Path.join(folder, name), "fixture.json")
      facts = .success(try Self.facts(JSON(parsing: LocalFile(path).wholeContent(limit: 1 << 20)), name))
    } catch {
      facts = .failure(Problem(description: "fixture \(name): \(error)"))
    }
  }

  private static func facts(_ json: JSON, _ name: String) throws -> Facts {
    guard let tokenizer = try text("tokenizer", in: json) else { throw Problem(description: "names no tokenizer") }
    let pendingParts = try texts("pending", in: json).map { text in
      guard let part = Part(rawValue: text) else { throw Problem(description: "pending: unknown part \"\(text)\"") }
      return part
    }
    return Facts(
      expectedName: try text("same_as", in: json) ?? name, droppedTensors: Set(try texts("dropped", in: json)),
      hasGGUF: json["gguf"]?.bool ?? true, unusedRows: try counts("unused_rows", in: json),
      prefix: try text("prefix", in: json) ?? "", tokenizer: tokenizer, pendingParts: Set(pendingParts))
  }

  private static func text(_ key: String, in facts: JSON) throws -> String? {
    guard let value = facts[key] else { return nil }
    guard let text = value.string else { throw Problem(description: "\"\(key)\" is not a string") }
    return text
  }

  private static func counts(_ key: String, in facts: JSON) throws -> [String: Int] {
    var counts: [String: Int] = [:]
    for (name, value) in facts[key]?.object ?? [:] {
      guard let count = value.integer, count > 0 else {
        throw Problem(description: "\"\(key)\" is not an object of positive counts")
      }
      counts[name.text] = count
    }
    return counts
  }

  private static func texts(_ key: String, in facts: JSON) throws -> [String] {
    guard let value = facts[key] else { return [] }
    guard let items = value.array, case let texts = items.compactMap(\.string), texts.count == items.count else {
      throw Problem(description: "\"\(key)\" is not a list of strings")
    }
    return texts
  }

  /// All of them, by name; if they cannot be listed, one that fails every test.
  public static let all: [ArchitectureFixture] = {
    let names = try? FileSystem.list(Fixtures.path("architectures"))
    return (names ?? ["fixtures/architectures"]).sorted().map { ArchitectureFixture($0) }
  }()

  /// The one of that name.
  public static func named(_ name: String) throws -> ArchitectureFixture {
    guard let fixture = all.first(where: { $0.name == name }) else {
      throw Problem(description: "fixture \(name): is not in fixtures/architectures")
    }
    return fixture
  }

  /// Those that the library must handle.
  public static func ready(_ part: Part) -> [ArchitectureFixture] {
    all.filter { !$0.isPending(part) && $0.has(part) }
  }

  /// Those whose `fixture.json` says that the library cannot handle them yet.
  public static func pending(_ part: Part) -> [ArchitectureFixture] {
    all.filter { $0.isPending(part) && $0.has(part) }
  }

  /// Those that are converted between folders only, and for which there is a definition.
  public static var withoutGGUF: [ArchitectureFixture] { ready(.activations).filter { !$0.hasGGUF } }

  public var description: String { name }

  /// The name under which its expected results are, which is also the folder's name for the reference converter.
  public var expectedName: String { (try? facts.get().expectedName) ?? name }

  /// The tensors that the reference converter leaves out, so that no GGUF gives them back.
  public var droppedTensors: Set<String> { (try? facts.get().droppedTensors) ?? [] }

  /// The beginning of its tensor names that a folder made of a GGUF does not have.
  public var prefix: String { (try? facts.get().prefix) ?? "" }

  /// The first rows of tensors that nothing reads, so that a GGUF lacks them.
  public var unusedRows: [String: Int] { (try? facts.get().unusedRows) ?? [:] }

  /// Whether the reference converter makes a GGUF of it; without, it is converted between folders only.
  public var hasGGUF: Bool { (try? facts.get().hasGGUF) ?? true }

  private func has(_ part: Part) -> Bool { hasGGUF || part == .activations }

  private func isPending(_ part: Part) -> Bool { (try? facts.get().pendingParts.contains(part)) ?? false }

  /// The golden file of the name.
  public func expected(_ file: String) throws -> JSON { try Fixtures.json("expected", expectedName, file) }

  /// The files that the reference converter makes of it.
  public func ggufs() throws -> ExpectedGGUFs { try ExpectedGGUFs(expectedName) }

  /// The path of the golden file of the name.
  public func expectedPath(_ file: String) -> String { Fixtures.path("expected", expectedName, file) }

  /// Whether there is a golden file of the name.
  public func hasExpected(_ file: String) -> Bool { FileSystem.kind(of: expectedPath(file)) == .regular }
}

extension ArchitectureFixture {
  /// The two spellings of a configuration.
  public enum Configuration: String, Sendable, CaseIterable {
    /// As the published model has it.
    case published = "config.json"
    /// As transformers 5 writes it.
    case transformers5 = "config.transformers5.json"
  }

  /// Copies the checkpoint and the shared tokenizer's files into a folder as a user has them, and returns its path.
  public func stage(in parent: TemporaryFolder, configuration: Configuration = .published) throws -> String {
    let tokenizer = try facts.get().tokenizer
    let own = Fixtures.path("architectures", name), folder = parent.file(expectedName)
    try FileSystem.createFolder(folder)
    try copy(from: Fixtures.path("tokenizers", tokenizer), to: folder) { $0 }
    try copy(from: own, to: folder) { file in
      switch file {
      case "fixture.json": nil
      case "config.json", "config.transformers5.json": file == configuration.rawValue ? "config.json" : nil
      default: file
      }
    }
    return folder
  }

  private func copy(from source: String, to folder: String, _ newName: (String) -> String?) throws {
    for file in try FileSystem.list(source) {
      let path = Path.join(source, file)
      if FileSystem.kind(of: path) == .folder {
        let inner = Path.join(folder, file)
        try FileSystem.createFolder(inner)
        try copy(from: path, to: inner) { $0 }
      } else if let name = newName(file) {
        try Fixtures.copy(path, to: Path.join(folder, name))
      }
    }
  }
}
