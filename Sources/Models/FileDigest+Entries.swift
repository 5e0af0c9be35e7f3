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

  /// The entry of each file at `paths`, in order, read on up to `threads` threads.
  public static func entries(of paths: [String], threads: Int) throws -> [Entry] {
    let entries = Mutex([Entry?](repeating: nil, count: paths.count))
    try Parallel.forEach(paths.count, threads: threads) { index in
      let file = try InputFile(paths[index])
      let entry = Entry(byteCount: file.byteCount, sha256: try sha256(file))
      entries.withLock { $0[index] = entry }
    }
    return entries.withLock { $0.compactMap { $0 } }
  }
}
