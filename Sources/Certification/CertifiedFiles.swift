import Bytes
import Models
import Tensors

/// The files of a model with their digests, as in a certificate.
public struct CertifiedFiles: Sendable, Hashable {
  /// A file and its SHA-256.
  public struct File: Sendable, Hashable {
    /// Its path within the model's folder.
    public let name: String
    /// 64 hexadecimal digits.
    public let sha256: String
  }

  /// The path of the model, as the user named it.
  public let path: String
  /// The files, sorted by name.
  public let files: [File]

  init(path: String, files: [File]) {
    self.path = path
    self.files = files
  }

  /// Digests the files of a model: the weights, and all other files of a folder, since a conversion also reads the
  /// configuration, the tokenizer and the model card.
  public init(_ model: Model, threads: Int, progress: @escaping FileDigest.Progress = { _ in }) throws {
    let path = model.checkpoint.path
    let adapterPaths = Set(model.adapters.flatMap(\.files).map(\.path))
    var files = model.checkpoint.storedFiles.filter { !adapterPaths.contains($0.path) }
    if let folder = model.folder, folder.path == path {
      let present = Set(files.map(\.name))
      let others = try folder.tree.names(in: "").filter {
        !$0.hasPrefix(".") && !present.contains($0) && folder.tree.hasFile($0)
      }
      files += try others.map { name throws(FileError) in try folder.tree.open(name) }
    }
    try self.init(path: path, files, threads, progress)
  }

  /// Digests the files of an adapter.
  public init(_ adapter: Model.Adapter, threads: Int, progress: @escaping FileDigest.Progress = { _ in }) throws {
    try self.init(path: adapter.path, adapter.files, threads, progress)
  }

  private init(
    path: String, _ sources: [any ByteSource], _ threads: Int, _ progress: @escaping FileDigest.Progress
  ) throws {
    self.path = path
    let stored = sources.map(\.stored)
    let sorted = zip(stored, stored.map { Self.name(of: $0, in: path) }).sorted { $0.1 < $1.1 }
    let entries = try FileDigest.entries(of: sorted.map(\.0), threads: threads, progress: progress)
    files = zip(sorted, entries).map { file, entry in File(name: file.1, sha256: entry.sha256) }
  }

  /// The path of a file in the folder that the user named, such as that of a rank of a grid; otherwise its name.
  private static func name(of file: any ByteSource, in folder: String) -> String {
    Path.within(folder, file.path) ?? file.name
  }

  /// The files as in-toto resource descriptors.
  var descriptors: JSON {
    .array(
      files.map { .members(["name": .string($0.name), "digest": .members(["sha256": .string($0.sha256)])]) })
  }
}
