/// Byte strings with a value each, for finding those that begin at a position of a text.
struct ByteTrie: Sendable {
  /// The next node for a node in the high bits and a byte in the low eight.
  private var edges: [UInt64: UInt32] = [:]
  /// The value of each node's string; -1 for none.
  private var values: [Int32] = [-1]

  var isEmpty: Bool { edges.isEmpty }

  /// Adds `text`, which is not empty; a value of the same text is replaced.
  mutating func insert(_ text: some Sequence<UInt8>, _ value: Int) {
    var node: UInt32 = 0
    for byte in text {
      let key = UInt64(node) << 8 | UInt64(byte)
      if let next = edges[key] {
        node = next
      } else {
        node = UInt32(truncatingIfNeeded: values.count)
        values.append(-1)
        edges[key] = node
      }
    }
    values[Int(node)] = Int32(truncatingIfNeeded: value)
  }

  /// Calls `body` with the value and the end of each string that begins at `start`, the shortest first.
  @inline(__always)
  func forEachMatch(in bytes: [UInt8], from start: Int, to limit: Int, _ body: (_ value: Int, _ end: Int) -> Void) {
    var node: UInt32 = 0
    var end = start
    while end < limit, let next = edges[UInt64(node) << 8 | UInt64(bytes[end])] {
      node = next
      end += 1
      let value = values[Int(node)]
      if value >= 0 { body(Int(value), end) }
    }
  }
}
