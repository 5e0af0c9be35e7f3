import Synchronization

/// Records which bytes of files are read, by any thread, of those that were opened under the log.
public final class ReadLog: Sendable {
  @TaskLocal static var current: ReadLog?

  private let files = Mutex<[ExactString: Entry]>([:])

  /// The bytes that were read of one file.
  public struct Entry: Sendable {
    /// The path with which it was opened, and its size then.
    public let path: String, byteCount: Int
    public fileprivate(set) var ranges = MergedRanges()
  }

  public init() {}

  /// Runs `body`; files that it opens are recorded from then on.
  public func opening<Value>(_ body: () throws -> Value) rethrows -> Value {
    try Self.$current.withValue(self, operation: body)
  }

  /// The files that were opened, by path, with what was read of each since the last call.
  public func take() -> [Entry] {
    files.withLock { files in
      let entries = files.values.sorted { ExactString($0.path) < ExactString($1.path) }
      for path in files.keys { files[path]?.ranges = MergedRanges() }
      return entries
    }
  }

  func noteOpened(_ path: String, byteCount: Int) {
    let key = ExactString(path)
    files.withLock { $0[key] = $0[key] ?? Entry(path: path, byteCount: byteCount) }
  }

  func noteRead(_ range: Range<Int>, of path: String) {
    files.withLock { $0[ExactString(path)]?.ranges.insert(range) }
  }
}
