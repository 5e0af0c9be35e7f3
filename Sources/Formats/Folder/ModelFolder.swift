import Bytes
import Tensors

/// A folder with a model: its weights and the files beside them.
public struct ModelFolder: Sendable {
  /// The files that describe a model beside its weights, in the order in which they are listed.
  public static let knownSideFiles = [
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json", "chat_template.jinja", "vocab.json", "merges.txt", "README.md",
    "params.json", modulesFile,
  ]

  /// A side file may take this many bytes; the largest tokenizer.json in use takes 35 MB.
  public static let maximumSideFileByteCount = 256 << 20

  /// The folder's path.
  public let path: String
  /// Those of `knownSideFiles` that are there.
  public let sideFiles: [String]

  let names: [String]
  /// What to open: a file in the folder that the user named, or nil to look for the weights.
  private let namedFile: String?

  /// Lists the folder at `path`, or that of the file at `path`, which then holds the weights.
  public init(_ path: String) throws {
    if FileSystem.kind(of: path) == .folder {
      self.path = path
      namedFile = nil
    } else {
      _ = try InputFile(path)
      self.path = FileSystem.folder(of: path)
      namedFile = path
    }
    names = try FileSystem.list(self.path)
    let present = Set(names)
    sideFiles = Self.knownSideFiles.filter(present.contains)
  }

  /// The path of `name` in the folder.
  public func path(of name: String) -> String { FileSystem.join(path, name) }

  /// The content of a side file; nil if it is not there.
  public func bytes(_ name: String) throws -> [UInt8]? {
    guard sideFiles.contains(name) else { return nil }
    return try InputFile(path(of: name)).wholeContent(limit: Self.maximumSideFileByteCount)
  }

  /// The value in a JSON side file; nil if it is not there.
  ///
  /// - Throws: `LocatedError` with the byte at which the JSON is wrong.
  public func json(_ name: String) throws -> JSON? {
    guard sideFiles.contains(name) else { return nil }
    return try JSON(file: path(of: name), limit: Self.maximumSideFileByteCount)
  }

  /// Opens the weights: the named file, or what the folder holds.
  public func openWeights() throws -> Checkpoint {
    if let namedFile { return try Checkpoint.open(namedFile) }
    let checkpoint: Checkpoint
    switch try weights() {
    case .index(let name): checkpoint = try SafeTensors.open(index: path(of: name), path: path)
    case .file(let name): checkpoint = try Checkpoint.open(path(of: name))
    }
    return Checkpoint(
      container: checkpoint.container, path: path, files: checkpoint.files, metadata: checkpoint.metadata,
      tensors: checkpoint.tensors, containerFacts: checkpoint.containerFacts, remarks: checkpoint.remarks)
  }
}
