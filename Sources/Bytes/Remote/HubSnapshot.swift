import HTTP

/// The files of a model at one commit, which never change.
struct HubSnapshot: Sendable {
  let repository: HubRepository
  /// The commit, 40 hexadecimal digits.
  let commit: String
  /// Paths in the repository, sorted by bytes.
  private let paths: [ExactString]
  /// The local folder with those of its files that the hub's own library has downloaded, if it has.
  private let cache: String
  private let settings: HubSettings

  init(repository: HubRepository, commit: String, names: [String], cache: String, settings: HubSettings) {
    self.repository = repository
    self.commit = commit
    self.cache = cache
    self.settings = settings
    // Names of a listing become paths in the cache.
    paths = names.filter(Self.staysInside).map { ExactString($0) }.sorted()
  }

  private static func staysInside(_ path: String) -> Bool {
    !path.split(separator: "/", omittingEmptySubsequences: false).contains { $0 == "" || $0 == ".." }
  }

  /// The names in `folder`, `""` for the model's own, sorted by bytes.
  func names(in folder: String) -> [String] {
    let prefix = folder.isEmpty ? "" : folder + "/"
    let inner = paths.lazy.map(\.text).filter { $0.hasPrefix(prefix) }
    let names = Set(inner.map { ExactString(String($0.dropFirst(prefix.count).prefix { $0 != "/" })) })
    return names.sorted().map(\.text)
  }

  func kind(of path: String) -> FileKind? {
    if path.isEmpty { return .folder }
    for candidate in paths {
      if candidate.text == path { return .regular }
      if candidate.text.hasPrefix(path + "/") { return .folder }
    }
    return nil
  }

  /// Opens the file `path` of the model, which messages name as `shown`.
  func open(_ path: String, shown: String) throws(FileError) -> any ByteSource {
    guard kind(of: path) == .regular else {
      throw kind(of: path) == nil
        ? .remote(path: shown, .http(.status(404, reason: nil))) : .notRegular(path: shown, kind: .folder)
    }
    let local = Path.join(cache, path)
    if FileSystem.kind(of: local) == .regular { return try LocalFile(local) }
    return try RemoteFile(
      shown, address: "\(settings.endpoint)/\(repository.name)/resolve/\(commit)/\(path.percentEncoded())",
      fields: settings.fields)
  }
}

/// A folder of a model of the hub.
struct HubFolder: FileTree {
  let path: String
  private let snapshot: HubSnapshot
  /// The folder in the repository; `""` for its own.
  private let folder: String

  init(_ path: String, _ snapshot: HubSnapshot, folder: String) {
    self.path = path
    self.snapshot = snapshot
    self.folder = folder
  }

  private func inner(_ name: String) -> String {
    folder.isEmpty || name.isEmpty ? folder + name : folder + "/" + name
  }

  func names(in folder: String) throws(FileError) -> [String] { snapshot.names(in: inner(folder)) }

  func kind(of name: String) -> FileKind? { snapshot.kind(of: inner(name)) }

  func open(_ name: String) throws(FileError) -> any ByteSource {
    try snapshot.open(inner(name), shown: path(of: name))
  }
}
