import Testing

@testable import Bytes

@Suite("Parallel work")
struct ParallelTests {
  @Test("does everything once on any number of threads", arguments: [1, 2, 3, 8])
  func coverage(threads: Int) throws {
    let seen = Counter()
    try Parallel.forEach(1000, threads: threads) { seen.add($0) }
    #expect(seen.sum == 999 * 500)
  }

  @Test("changes every piece of an array once", arguments: [1, 2, 3, 8], [1, 7, 64, 1000, 4000])
  func pieces(threads: Int, length: Int) {
    var values = (0..<1000).map(Float.init)
    Parallel.forEachPiece(of: &values, length: length, threads: threads) { piece, start in
      for index in piece.indices { piece[index] += Float(start + index) }
    }
    #expect(values == (0..<1000).map { Float(2 * $0) })
  }

  @Test("does nothing to an empty array")
  func noPieces() {
    var values: [Float] = []
    Parallel.forEachPiece(of: &values, length: 8, threads: 2) { _, _ in Issue.record("there is no piece") }
    #expect(values.isEmpty)
  }

  @Test("throws the first error")
  func firstError() {
    struct Trouble: Error {}
    #expect(throws: Trouble.self) {
      try Parallel.forEach(1000, threads: 4) { if $0 == 10 { throw Trouble() } }
    }
  }
}
