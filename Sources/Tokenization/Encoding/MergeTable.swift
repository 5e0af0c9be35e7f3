/// The ranked merges: pairs of tokens, their order, and the token that each pair becomes.
struct MergeTable: Sendable {
  /// The rank and result of each pair, keyed by left id in the high and right id in the low 32 bits.
  private var pairs: [UInt64: Join]

  struct Join: Sendable {
    let rank: UInt32
    let result: UInt32
  }

  init() { pairs = [:] }

  init(capacity: Int) {
    pairs = [:]
    pairs.reserveCapacity(capacity)
  }

  var count: Int { pairs.count }

  /// Adds a pair; the first rank of a pair counts.
  ///
  /// - Parameter rank: nil for the one after those of the pairs before.
  mutating func add(_ left: Int, _ right: Int, result: Int, rank: Int? = nil) {
    let key = Self.key(UInt32(truncatingIfNeeded: left), UInt32(truncatingIfNeeded: right))
    let join = Join(rank: UInt32(truncatingIfNeeded: rank ?? pairs.count), result: UInt32(truncatingIfNeeded: result))
    if pairs[key] == nil { pairs[key] = join }
  }

  private static func key(_ left: UInt32, _ right: UInt32) -> UInt64 { UInt64(left) << 32 | UInt64(right) }

  private func join(_ left: UInt32, _ right: UInt32) -> Join? { pairs[Self.key(left, right)] }

  /// Merges `symbols` until no pair is left: always the lowest rank, of equal ranks the leftmost.
  ///
  /// - Returns: The rank of the last merge; nil if there was none.
  /// - Complexity: O(n log n) for n symbols.
  @discardableResult
  func merge(_ symbols: inout [UInt32]) -> UInt32? {
    symbols.count <= Self.shortCount ? mergeShort(&symbols) : mergeLong(&symbols)
  }

  /// Up to this many symbols, scanning all pairs each time is faster than a heap.
  static let shortCount = 24

  private func mergeShort(_ symbols: inout [UInt32]) -> UInt32? {
    var last: UInt32?
    while symbols.count > 1 {
      var best: (join: Join, index: Int)?
      for index in 0..<symbols.count - 1 {
        guard let candidate = join(symbols[index], symbols[index + 1]) else { continue }
        if let current = best, current.join.rank <= candidate.rank { continue }
        best = (candidate, index)
      }
      guard let best else { return last }
      symbols[best.index] = best.join.result
      symbols.remove(at: best.index + 1)
      last = best.join.rank
    }
    return last
  }

  private func mergeLong(_ symbols: inout [UInt32]) -> UInt32? {
    /// A symbol in a doubly linked list; `-1` ends it. A merged symbol has length 0.
    struct Link {
      var previous: Int32
      var next: Int32
      var isAlive = true
    }
    var links = symbols.indices.map {
      Link(previous: Int32($0) - 1, next: $0 + 1 < symbols.count ? Int32($0) + 1 : -1)
    }
    var heap = MinimumHeap<UInt64>()
    func push(_ left: Int32, _ right: Int32) {
      guard left >= 0, right >= 0, let join = join(symbols[Int(left)], symbols[Int(right)]) else { return }
      heap.push(UInt64(join.rank) << 32 | UInt64(UInt32(bitPattern: left)))
    }
    var last: UInt32?
    for index in symbols.indices.dropLast() { push(Int32(index), Int32(index) + 1) }
    while let top = heap.pop() {
      let left = Int32(truncatingIfNeeded: top & 0xFFFF_FFFF)
      let rank = UInt32(truncatingIfNeeded: top >> 32)
      guard links[Int(left)].isAlive else { continue }
      let right = links[Int(left)].next
      // The pair may have changed since it was pushed.
      guard right >= 0, let join = join(symbols[Int(left)], symbols[Int(right)]), join.rank == rank else { continue }
      symbols[Int(left)] = join.result
      last = rank
      let following = links[Int(right)].next
      links[Int(right)].isAlive = false
      links[Int(left)].next = following
      if following >= 0 { links[Int(following)].previous = left }
      push(links[Int(left)].previous, left)
      push(left, following)
    }
    symbols = symbols.indices.filter { links[$0].isAlive }.map { symbols[$0] }
    return last
  }
}
