import Bytes
import Synchronization

extension FileDigest {
  /// A file's size and digest.
  public struct Entry: Sendable, Hashable {
    /// Its size.
    public let byteCount: Int
    /// 64 hexadecimal digits.
    public let sha256: String
  }

  /// Receives the bytes read since the last call, on any thread.
  public typealias Progress = @Sendable (Int) -> Void

  /// Returns the entry of each file at `paths`, in order, read on up to `threads` threads.
  public static func entries(
    of paths: [String], threads: Int, progress: @escaping Progress = { _ in }
  ) throws -> [Entry] {
    try entries(paths.count, threads, progress) { try InputLocation.openFile(paths[$0]) }
  }

  /// Returns the entry of each of `files` as it is stored, in order, read on up to `threads` threads.
  public static func entries(
    of files: [any ByteSource], threads: Int, progress: @escaping Progress = { _ in }
  ) throws -> [Entry] {
    try entries(files.count, threads, progress) { files[$0].stored }
  }

  private static func entries(
    _ count: Int, _ threads: Int, _ progress: @escaping Progress, open: @Sendable (Int) throws -> any ByteSource
  ) throws -> [Entry] {
    let entries = Mutex([Entry?](repeating: nil, count: count))
    try Parallel.forEach(count, threads: threads) { index in
      let file = try open(index)
      let entry = Entry(byteCount: file.byteCount, sha256: try sha256(file, progress: progress))
      entries.withLock { $0[index] = entry }
    }
    return entries.withLock { $0.compactMap { $0 } }
  }
}
