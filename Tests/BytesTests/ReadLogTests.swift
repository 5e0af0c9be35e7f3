import TestSupport
import Testing

@testable import Bytes

@Suite("A log of reads")
struct ReadLogTests {
  private let folder = TemporaryFolder()

  @Test("has the files that were opened under it, and what was read of each, by any thread")
  func reads() throws {
    try folder.write([UInt8](repeating: 7, count: 100_000), to: "a")
    try folder.write([1, 2, 3], to: "b")
    let log = ReadLog(), other = try LocalFile(folder.file("b"))
    let (first, second) = try log.opening { (try LocalFile(folder.file("a")), try LocalFile(folder.file("b"))) }
    _ = try other.bytes(at: 0, count: 3)
    try Parallel.forEach(10, threads: 4) { _ = try first.bytes(at: $0 * 20, count: 10) }
    _ = try first.bytes(at: 10, count: 10)
    let entries = log.take()
    #expect(entries.map(\.path) == [folder.file("a"), folder.file("b")])
    #expect(entries.map(\.byteCount) == [100_000, 3])
    #expect(entries[0].ranges.ranges == [0..<30] + (2..<10).map { $0 * 20..<$0 * 20 + 10 })
    #expect(entries[1].ranges.ranges.isEmpty)
    _ = try second.bytes(at: 1, count: 1)
    #expect(log.take().map(\.ranges.byteCount) == [0, 1])
  }

  @Test("has what the kernel copies without a read")
  func copies() throws {
    try folder.write([UInt8](repeating: 7, count: 50_000), to: "a")
    let log = ReadLog(), file = try log.opening { try LocalFile(folder.file("a")) }
    let output = try AtomicFile(folder.file("out"), overwrite: .refuse)
    let shared = output.share(file, from: 4096, count: 8192, to: 0)
    for rest in (0..<8192).outside(shared) {
      try output.copy(file, from: rest.lowerBound + 4096, count: rest.count, to: rest.lowerBound)
    }
    output.discard()
    #expect(log.take().map(\.ranges.ranges) == [[4096..<12288]])
  }

  @Test("joins ranges as a set of their bytes would be")
  func merging() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<200 {
      var merged = MergedRanges(), bytes: Set<Int> = []
      for _ in 0..<Int.random(in: 0...40, using: &generator) {
        let start = Int.random(in: 0..<100, using: &generator)
        let range = start..<start + Int.random(in: 0..<12, using: &generator)
        merged.insert(range)
        bytes.formUnion(range)
      }
      #expect(merged.ranges.flatMap { Array($0) } == bytes.sorted())
      #expect(zip(merged.ranges, merged.ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
      #expect(merged.byteCount == bytes.count)
      #expect(merged.contains(MergedRanges(merged.ranges.map { $0.lowerBound..<$0.lowerBound + 1 })))
      #expect(!merged.contains(MergedRanges([200..<201])))
    }
  }

  @Test("stays small when scattered ranges meet in the end")
  func scattered() {
    var merged = MergedRanges()
    for start in stride(from: 0, to: 40_000, by: 2) { merged.insert(start..<start + 1) }
    for start in stride(from: 39_999, to: 0, by: -2) { merged.insert(start..<start + 1) }
    #expect(merged.ranges == [0..<40_000])
  }
}
