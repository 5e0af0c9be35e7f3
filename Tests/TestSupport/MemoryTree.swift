import Bytes
import Tensors

/// A folder in memory whose files record which of their bytes are read.
public struct MemoryTree: FileTree {
  public let path: String
  private let files: [String: MemorySource]

  /// A folder called `path` of the files in `contents`, by their names in it.
  public init(path: String, _ contents: [String: [UInt8]]) {
    self.path = path
    files = Dictionary(
      uniqueKeysWithValues: contents.map { ($0, MemorySource(path: Path.join(path, $0), $1)) })
  }

  /// A copy of the local folder at `source`, under a path where nothing is.
  public init(copying source: String) throws {
    var contents: [String: [UInt8]] = [:]
    for name in try FileSystem.list(source) {
      let inner = Path.join(source, name)
      guard FileSystem.kind(of: inner) == .folder else {
        contents[name] = try LocalFile(inner).wholeContent(limit: 1 << 26)
        continue
      }
      for file in try FileSystem.list(inner) where FileSystem.kind(of: Path.join(inner, file)) == .regular {
        contents[Path.join(name, file)] = try LocalFile(Path.join(inner, file)).wholeContent(limit: 1 << 26)
      }
    }
    self.init(path: Path.join("/nowhere", Path.name(of: source)), contents)
  }

  public func names(in folder: String) throws(FileError) -> [String] {
    let prefix = folder.isEmpty ? "" : folder + "/"
    let inside = files.keys.filter { $0.hasPrefix(prefix) }.map { $0.dropFirst(prefix.count) }
    return Set(inside.map { ExactString(String($0.prefix { $0 != "/" })) }).sorted().map(\.text)
  }

  public func kind(of name: String) -> FileKind? {
    if files[name] != nil { return .regular }
    return files.keys.contains { $0.hasPrefix(name + "/") } ? .folder : nil
  }

  public func open(_ name: String) throws(FileError) -> any ByteSource {
    guard let file = files[name] else {
      throw .cannotOpen(path: Path.join(path, name), errno: .noSuchFileOrDirectory)
    }
    return file
  }

  /// The file called `name`, to ask what was read of it.
  public func file(_ name: String) -> MemorySource? { files[name] }

  /// Forgets what was read so far.
  public func forgetReads() {
    for file in files.values { file.forgetReads() }
  }
}

extension MemoryTree {
  /// The names of the tensors of which any bytes were asked for, beyond those that headers were read with.
  ///
  /// A header is read in windows that may reach into the data, so a read counts by where it begins.
  public func tensorsRead(of checkpoint: Checkpoint) -> Set<String> {
    var names: Set<String> = []
    for (index, file) in checkpoint.files.enumerated() {
      let tensors = checkpoint.tensors.filter { $0.fileIndex == index && $0.byteCount > 0 }
      let start = tensors.map(\.fileOffset).min() ?? 0
      for range in self.file(file.name)?.readRanges ?? [] where range.lowerBound >= start {
        names.formUnion(
          tensors.filter { range.overlaps($0.fileOffset..<$0.fileOffset + $0.byteCount) }.map(\.name.text))
      }
    }
    return names
  }
}
