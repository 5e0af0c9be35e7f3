import HTTP

extension InputLocation {
  /// What was fetched from servers since the start.
  public static var remoteTraffic: HTTPTraffic { HTTPClient.shared.traffic }

  /// Whether `path` is the address of something on a server: `https://…` or `hf:org/repo…`.
  public static func isRemote(_ path: String) -> Bool { RemoteAddress.isAddress(path) }

  /// Opens what is at `address`, which `path` says.
  init(_ address: RemoteAddress, path: String) throws(FileError) {
    switch address {
    case .web where path.hasSuffix("/"): self.init(folder: UnpackedFolder(Self.webFolder(path)))
    case .web:
      let folder = Self.webFolder(path)
      // With a query or escapes, the file has another address than its name in the folder.
      let isPlain = !path.contains { "?#%".contains($0) }
      let file = isPlain ? try UnpackedFile.open(folder.open(Path.name(of: path))) : try Self.openUnpacked(path)
      self.init(folder: UnpackedFolder(folder), file: file)
    case .hub(let repository, let name):
      let snapshot = try repository.snapshot(path: path)
      if snapshot.kind(of: name) == .folder {
        self.init(folder: UnpackedFolder(HubFolder(path, snapshot, folder: name)))
      } else {
        self.init(folder: try Self.folder(address, of: path), file: try Self.openUnpacked(path))
      }
    }
  }

  /// The folder at `address`, or that contains the file there.
  static func folder(_ address: RemoteAddress, of path: String) throws(FileError) -> any FileTree {
    switch address {
    case .web: return UnpackedFolder(webFolder(path))
    case .hub(let repository, let name):
      let snapshot = try repository.snapshot(path: path)
      guard snapshot.kind(of: name) != .folder else {
        return UnpackedFolder(HubFolder(path, snapshot, folder: name))
      }
      let folder = name.contains("/") ? Path.folder(of: name) : ""
      return UnpackedFolder(HubFolder(Path.folder(of: path), snapshot, folder: folder))
    }
  }

  /// Opens the file at `address` as it is stored.
  static func openFile(_ address: RemoteAddress, path: String) throws(FileError) -> any ByteSource {
    switch address {
    case .web(let address): try RemoteFile(path, address: address)
    case .hub(let repository, let name): try repository.snapshot(path: path).open(name, shown: path)
    }
  }

  /// The kind of what is at `address`; what cannot be asked for counts as nothing.
  static func kind(_ address: RemoteAddress, of path: String) -> FileKind? {
    switch address {
    case .web: path.hasSuffix("/") ? .folder : .regular
    case .hub(let repository, let name): try? repository.snapshot(path: path).kind(of: name)
    }
  }

  /// The folder of a file on a web server; a query, as in signed addresses, belongs to the file alone.
  private static func webFolder(_ path: String) -> WebFolder {
    WebFolder(Path.folder(of: String(path.prefix { $0 != "?" && $0 != "#" })))
  }
}
