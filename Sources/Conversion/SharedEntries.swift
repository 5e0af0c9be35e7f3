import Synchronization

/// The entries that several threads fill in, each its own.
final class SharedEntries: Sendable {
  private let entries: Mutex<[Digests.Entry?]>

  init(count: Int) {
    entries = Mutex([Digests.Entry?](repeating: nil, count: count))
  }

  func set(_ index: Int, _ entry: Digests.Entry) {
    entries.withLock { $0[index] = entry }
  }

  /// The entries that were filled in, in order.
  var all: [Digests.Entry] { entries.withLock { $0.compactMap { $0 } } }
}
