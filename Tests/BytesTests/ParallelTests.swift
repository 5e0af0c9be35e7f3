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

  @Test("throws the first error")
  func firstError() {
    struct Trouble: Error {}
    #expect(throws: Trouble.self) {
      try Parallel.forEach(1000, threads: 4) { if $0 == 10 { throw Trouble() } }
    }
  }
}
