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
  /// The name under which its expected results lie, which is also the folder's name for the reference converter.
  public let expectedName: String
  /// The tensors that the reference converter leaves out, so that no GGUF gives them back.
  public let droppedTensors: Set<String>
  /// Whether the reference converter makes a GGUF of it; without, it is converted between folders only.
  public let hasGGUF: Bool
  private let tokenizer: String
  private let pendingParts: [String]

  private init(_ name: String) throws {
    let facts = try Fixtures.json("architectures", name, "fixture.json")
    self.name = name
    expectedName = facts["same_as"]?.string ?? name
    droppedTensors = Set(facts["dropped"]?.array?.compactMap(\.string) ?? [])
    hasGGUF = facts["gguf"]?.bool ?? true
    tokenizer = facts["tokenizer"]?.string ?? ""
    pendingParts = facts["pending"]?.array?.compactMap(\.string) ?? []
  }

  /// All of them, by name.
  public static let all: [ArchitectureFixture] = ((try? FileSystem.list(Fixtures.path("architectures"))) ?? []).sorted()
    .compactMap { try? ArchitectureFixture($0) }

  /// Those that the library must handle.
  public static func ready(_ instance: Part) -> [ArchitectureFixture] {
    all.filter { !$0.isPending(instance) && $0.has(instance) }
  }

  /// Those whose `fixture.json` says that the library cannot handle them yet.
  public static func pending(_ instance: Part) -> [ArchitectureFixture] {
    all.filter { $0.isPending(instance) && $0.has(instance) }
  }

  /// Those that are converted between folders only, and for which there is a definition.
  public static var withoutGGUF: [ArchitectureFixture] { ready(.activations).filter { !$0.hasGGUF } }

  public var description: String { name }

  private func has(_ instance: Part) -> Bool { hasGGUF || instance == .activations }

  private func isPending(_ instance: Part) -> Bool { pendingParts.contains(instance.rawValue) }

  /// The golden file of the name.
  public func expected(_ file: String) throws -> JSON { try Fixtures.json("expected", expectedName, file) }

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
        let bytes = try LocalFile(path).wholeContent(limit: 1 << 20)
        try AtomicFile.write(bytes, to: Path.join(folder, name), overwrite: .replace)
      }
    }
  }
}
