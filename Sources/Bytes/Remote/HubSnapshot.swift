import HTTP

/// The files of a model at one commit, which never change.
struct HubSnapshot: Sendable {
  let repository: HubRepository
  private let listing: HubListing
  /// The local folder with those of its files that the hub's own library has downloaded, if it has.
  private let cache: String
  private let settings: HubSettings

  init(repository: HubRepository, listing: HubListing, cache: String, settings: HubSettings) {
    self.repository = repository
    self.listing = listing
    self.cache = cache
    self.settings = settings
  }

  /// The commit, 40 hexadecimal digits.
  var commit: String { listing.commit }

  /// The names in `folder`, `""` for the model's own, sorted by bytes.
  func names(in folder: String) -> [String] { listing.names(in: folder) }

  func kind(of path: String) -> FileKind? { listing.kind(of: path) }

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
