/// A folder whose files BELLE encrypted, under the names that they had before.
///
/// `config.json.<64 hexadecimal digits>.enc` is `config.json`; other files are as they are.
public struct XORFolder: FileTree {
  private let base: any FileTree
  private let key: any ByteSource

  public init(_ base: any FileTree, key: any ByteSource) {
    self.base = base
    self.key = key
  }

  public var path: String { base.path }

  /// The name of a file before it was encrypted; nil if its name is not that of an encrypted one.
  public static func decryptedName(_ name: String) -> String? {
    let end = ".enc", digestLength = 64
    guard name.hasSuffix(end) else { return nil }
    let stem = name.dropLast(end.count), digest = stem.suffix(digestLength)
    guard digest.utf8.count == digestLength, digest.utf8.allSatisfy({ UInt8.isHexadecimalDigit($0) }) else {
      return nil
    }
    let decrypted = stem.dropLast(digestLength)
    guard decrypted.hasSuffix("."), decrypted.utf8.count > 1 else { return nil }
    return String(decrypted.dropLast())
  }

  /// The stored name of the file that is called `name` here; nil if it is not encrypted.
  private func encryptedName(of name: String) -> String? {
    let folder = name.lastIndex(of: "/").map { String(name[..<$0]) } ?? ""
    let last = Path.name(of: name)
    guard let found = (try? base.names(in: folder))?.first(where: { Self.decryptedName($0) == last }) else {
      return nil
    }
    return folder.isEmpty ? found : Path.join(folder, found)
  }

  public func names(in folder: String) throws(FileError) -> [String] {
    let names = try base.names(in: folder).map { ExactString(Self.decryptedName($0) ?? $0) }
    return Set(names).sorted().map(\.text)
  }

  public func kind(of name: String) -> FileKind? {
    encryptedName(of: name).map { base.kind(of: $0) } ?? base.kind(of: name)
  }

  public func open(_ name: String) throws(FileError) -> any ByteSource {
    guard let encrypted = encryptedName(of: name) else { return try base.open(name) }
    return try XORSource(base.open(encrypted), key: key, path: path(of: name))
  }
}

extension InputLocation {
  /// Opens what is at `path`, an encrypted file or a folder of such files, decrypted with the bytes of the file at `key`.
  ///
  /// A file named otherwise than encrypted ones are is taken for an encrypted one.
  ///
  /// - Throws: `FileError` if nothing is there, or the key cannot be read.
  public init(_ path: String, xorKey: String) throws(FileError) {
    let stored = try InputLocation(path), key = try LocalFile(xorKey)
    let folder = XORFolder(stored.folder, key: key)
    guard let file = stored.file else {
      self.init(folder: folder)
      return
    }
    let name = XORFolder.decryptedName(file.name) ?? file.name
    self.init(folder: folder, file: try XORSource(file, key: key, path: Path.join(folder.path, name)))
  }
}

extension UInt8 {
  fileprivate static func isHexadecimalDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) || (0x41...0x46).contains(byte)
  }
}
