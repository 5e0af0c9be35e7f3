import Bytes
import Tensors

/// A folder with a model: its weights and its side files.
public struct ModelFolder: Sendable {
  /// The side files that describe a model, in the order of listings.
  public static let knownSideFiles = [
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json", "chat_template.jinja", "vocab.json", "merges.txt", "tekken.json",
    "tiktoken.model", "README.md",
    "params.json", "mlc-chat-config.json", modulesFile,
  ]

  /// The maximum bytes of a side file; the largest tokenizer.json in use has 35 MB.
  public static let maximumSideFileByteCount = 256 << 20

  /// The files.
  public let tree: any FileTree
  /// The files of `knownSideFiles` that exist.
  public let sideFiles: [String]

  let names: [String]
  /// The file that the user named; nil to search for the weights.
  private let namedFile: (any ByteSource)?

  /// Lists the folder at `path`, or the folder of the file at `path`, which then has the weights.
  public init(_ path: String) throws { try self.init(InputLocation(path)) }

  /// Lists the folder at `location`; if it names a file, that file has the weights.
  public init(_ location: InputLocation) throws {
    tree = location.folder
    namedFile = location.file
    names = try tree.names(in: "")
    let present = Set(names)
    sideFiles = Self.knownSideFiles.filter(present.contains)
  }

  /// The path of the folder in messages.
  public var path: String { tree.path }

  /// The content of a side file; nil if it does not exist.
  public func bytes(_ name: String) throws -> [UInt8]? {
    guard sideFiles.contains(name) else { return nil }
    return try tree.open(name).wholeContent(limit: Self.maximumSideFileByteCount)
  }

  /// The JSON value of a side file, as Python reads it; nil if it does not exist.
  ///
  /// - Throws: `LocatedError` with the byte offset of invalid JSON.
  public func json(_ name: String) throws -> JSON? { try jsonWithRemarks(name)?.value }

  /// The same with remarks on what of the file is not JSON.
  public func jsonWithRemarks(_ name: String) throws -> (value: JSON, remarks: [String])? {
    guard sideFiles.contains(name) else { return nil }
    return try JSON.sideFile(tree.open(name), limit: Self.maximumSideFileByteCount)
  }

  /// Opens the weights: the named file, or those of the folder.
  public func openWeights() throws -> Checkpoint {
    if let namedFile { return try Checkpoint.open(namedFile, in: tree) }
    let checkpoint: Checkpoint
    switch try weights() {
    case .index(let name, let family):
      checkpoint = try family.open(index: tree.open(name), in: tree, path: path).notingCompression()
    case .file(let name): checkpoint = try Checkpoint.open(tree.open(name), in: tree)
    }
    return Checkpoint(
      container: checkpoint.container, path: path, files: checkpoint.files, metadata: checkpoint.metadata,
      tensors: checkpoint.tensors, containerFacts: checkpoint.containerFacts, remarks: checkpoint.remarks,
      fileDigests: checkpoint.fileDigests)
  }
}
