import Bytes
import Models
import Tensors

/// The files that make up a model, with their digests, as a certificate names them.
public struct CertifiedFiles: Sendable, Hashable {
  /// A file and its SHA-256.
  public struct File: Sendable, Hashable {
    /// Its name within the model's folder.
    public let name: String
    /// 64 hexadecimal digits.
    public let sha256: String
  }

  /// The path of the model, as the user named it.
  public let path: String
  /// The files, sorted by name.
  public let files: [File]

  /// Collects the facts.
  init(path: String, files: [File]) {
    self.path = path
    self.files = files
  }

  /// Digests the files of a model: the weights, and for a folder everything else in it that is a file, since a
  /// conversion reads configuration, tokenizer and model card too.
  public init(_ model: Model, threads: Int) throws {
    let path = model.checkpoint.path
    var paths = Set(model.checkpoint.files.map(\.path)).subtracting(model.adapters.flatMap(\.files).map(\.path))
    if FileSystem.kind(of: path) == .folder {
      for name in try FileSystem.list(path) where !name.hasPrefix(".") {
        let file = FileSystem.join(path, name)
        if FileSystem.kind(of: file) == .regular { paths.insert(file) }
      }
    }
    try self.init(path: path, paths: paths, threads: threads)
  }

  /// Digests the files of an adapter.
  public init(_ adapter: Model.Adapter, threads: Int) throws {
    try self.init(path: adapter.path, paths: Set(adapter.files.map(\.path)), threads: threads)
  }

  private init(path: String, paths: Set<String>, threads: Int) throws {
    self.path = path
    let sorted = paths.sorted { FileSystem.name(of: $0) < FileSystem.name(of: $1) }
    files = zip(sorted, try FileDigest.entries(of: sorted, threads: threads)).map { path, entry in
      File(name: FileSystem.name(of: path), sha256: entry.sha256)
    }
  }

  /// Where the file called `name` is, for a model at `path`: in the folder, or beside the file that was named.
  public static func location(of name: String, ofModelAt path: String) -> String {
    FileSystem.join(FileSystem.kind(of: path) == .folder ? path : FileSystem.folder(of: path), name)
  }

  /// The files as in-toto resource descriptors.
  var descriptors: JSON {
    .array(
      files.map { .members(["name": .string($0.name), "digest": .members(["sha256": .string($0.sha256)])]) })
  }
}
