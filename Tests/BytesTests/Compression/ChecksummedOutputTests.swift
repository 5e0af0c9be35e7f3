import Bytes
import TestSupport
import Testing

@Suite("A checksummed output")
struct ChecksummedOutputTests {
  private static let content = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }

  @Test("has the CRC-32 of parts that were written in any order")
  func pieces() throws {
    let folder = TemporaryFolder()
    let file = try AtomicFile(folder.file("a"), overwrite: .refuse), output = ChecksummedOutput(file)
    let source = MemorySource(path: "source", Self.content)
    try output.copy(source, from: 700, count: 300, to: 700)
    try output.write(Array(Self.content[100..<400]), at: 100)
    try output.write([], at: 400)
    try output.write(Array(Self.content[..<100]), at: 0)
    try output.write(Array(Self.content[400..<700]), at: 400)
    for range in [0..<1000, 100..<700, 400..<1000, 700..<700] {
      var expected = CRC32()
      expected.update(Array(Self.content[range]).span.bytes)
      #expect(output.checksum(of: range) == expected.value, "\(range)")
    }
    try file.commit()
    #expect(try LocalFile(folder.file("a")).wholeContent(limit: 2000) == Self.content)
  }

  @Test("has none of a part with a gap, or that pieces do not fill")
  func gaps() throws {
    let folder = TemporaryFolder()
    let output = ChecksummedOutput(try AtomicFile(folder.file("a"), overwrite: .refuse))
    try output.write([1, 2, 3], at: 0)
    try output.write([5], at: 4)
    #expect(output.checksum(of: 0..<5) == nil)
    #expect(output.checksum(of: 0..<2) == nil)
    #expect(output.checksum(of: 1..<3) == nil)
    #expect(output.checksum(of: 0..<3) == 0x55BC_801D)
  }
}
