import HTTP
import Synchronization

/// A model of the hub at a branch, tag or commit.
struct HubRepository: Hashable, Sendable {
  /// Organization and name, `org/repo`.
  let name: String
  /// A branch, tag, pull request (`refs/pr/1`) or commit.
  let revision: String

  /// Returns what the hub says of the revision; asked once in a run, so that all files are those of one commit.
  ///
  /// - Throws: `FileError.remote`, naming `path`.
  func snapshot(path: String) throws(FileError) -> HubSnapshot {
    if let known = Self.known.withLock({ $0[self] }) { return known }
    let settings = HubSettings.environment
    let snapshot = settings.isOffline ? try cached(settings, path: path) : try fetched(settings, path: path)
    return Self.known.withLock { known in
      let first = known[self] ?? snapshot
      known[self] = first
      return first
    }
  }

  private static let known = Mutex<[HubRepository: HubSnapshot]>([:])

  /// Listings of models with tens of thousands of files are a few megabytes.
  private static let maximumListingByteCount = 32 << 20

  private func fetched(_ settings: HubSettings, path: String) throws(FileError) -> HubSnapshot {
    let address = "\(settings.endpoint)/api/models/\(name)/revision/\(revision.percentEncoded(keepsSlash: false))"
    do {
      let content = try HTTPClient.shared.content(
        of: address, fields: settings.fields, limit: Self.maximumListingByteCount)
      let listing = try HubListing(content.bytes)
      return HubSnapshot(
        repository: self, listing: listing, cache: cacheFolder(settings, listing.commit), settings: settings)
    } catch {
      throw .remote(path: path, .http(error))
    }
  }

  /// The snapshot in the cache of the hub's own library, for runs without a network.
  private func cached(_ settings: HubSettings, path: String) throws(FileError) -> HubSnapshot {
    let reference = Path.join(cacheFolder(settings), Path.join("refs", revision))
    let saved = (try? LocalFile(reference).wholeContent(limit: 100)).map { String(decoding: $0, as: UTF8.self) }
    let commit = saved.flatMap { $0.split(whereSeparator: \.isWhitespace).first.map { String($0) } } ?? revision
    let folder = cacheFolder(settings, commit)
    guard HubListing.isCommit(commit), FileSystem.kind(of: folder) == .folder else {
      throw .remote(path: path, .notCached(cache: settings.cache))
    }
    let listing = HubListing(commit: commit, names: try Self.names(under: folder))
    return HubSnapshot(repository: self, listing: listing, cache: folder, settings: settings)
  }

  private static func names(under folder: String) throws(FileError) -> [String] {
    var names: [String] = []
    for name in try FileSystem.list(folder) {
      let path = Path.join(folder, name)
      guard FileSystem.kind(of: path) == .folder else {
        names.append(name)
        continue
      }
      names += try Self.names(under: path).map { Path.join(name, $0) }
    }
    return names
  }

  private func cacheFolder(_ settings: HubSettings) -> String {
    Path.join(settings.cache, "models--" + name.split(separator: "/").joined(separator: "--"))
  }

  private func cacheFolder(_ settings: HubSettings, _ commit: String) -> String {
    Path.join(cacheFolder(settings), Path.join("snapshots", commit))
  }
}
