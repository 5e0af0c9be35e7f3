/// A folder in which compressed files of weights have the names and the content that they have unpacked.
///
/// `model.safetensors.zst` is listed as `model.safetensors`, and opened under either name. Where both are there, the one
/// that is not compressed counts. Files of other kinds stay as they are, so that they are copied byte for byte.
public struct UnpackedFolder: FileTree {
  /// Ends of the unpacked names of files that are read in place.
  private static let endings = [
    ".safetensors", ".safetensors.index.json", ".gguf", ".bin", ".pt", ".pth", ".ckpt", ".npz", ".npy", ".ggml",
  ]

  private let base: any FileTree

  /// The folder `base` with unpacked files.
  public init(_ base: any FileTree) { self.base = base }

  public var path: String { base.path }
  public var localFolder: LocalFolder? { base.localFolder }

  private static func isUnpacked(_ name: String) -> Bool {
    let name = Compression.unpackedName(name)
    return endings.contains { Path.hasEnding(name, $0) }
  }

  public func names(in folder: String) throws(FileError) -> [String] {
    let stored = try base.names(in: folder)
    var seen = Set(stored.map { ExactString($0) })
    var names: [ExactString] = []
    for name in stored {
      guard Compression.ending(name) != nil, Self.isUnpacked(name) else {
        names.append(ExactString(name))
        continue
      }
      let unpacked = ExactString(Compression.unpackedName(name))
      if seen.insert(unpacked).inserted { names.append(unpacked) }
    }
    return names.sorted().map(\.text)
  }

  public func kind(of name: String) -> FileKind? { base.kind(of: storedName(name)) }

  public func open(_ name: String) throws(FileError) -> any ByteSource {
    let file = try base.open(storedName(name))
    return Self.isUnpacked(name) ? try UnpackedFile.open(file) : file
  }

  /// The name in the folder of the file that is called `name` unpacked.
  private func storedName(_ name: String) -> String {
    guard base.kind(of: name) == nil, Self.isUnpacked(name) else { return name }
    let candidates = Compression.allCases.map { name + $0.ending }
    return candidates.first { base.kind(of: $0) == .regular } ?? name
  }
}
