import Bytes
import TestSupport
import Testing

@Suite("A source of bytes")
struct ByteSourceTests {
  let folder = TemporaryFolder()
  static let content = (0..<5000).map { UInt8(truncatingIfNeeded: $0 / 256 &+ $0 * 7) }

  /// The same bytes from a disk and from memory.
  private func sources() throws -> [any ByteSource] {
    [try LocalFile(try folder.write(Self.content, to: "in")), MemorySource(path: "in", Self.content)]
  }

  @Test("reads strided ranges one after the other")
  func stridedPieces() throws {
    for source in try sources() {
      var slab: [UInt8] = [9]
      let pieces = StridedRanges(count: 3, byteCount: 5, offset: 100, stride: 1000)
      try source.read(pieces, into: &slab, at: 2)
      let expected = [100, 1100, 2100].flatMap { Self.content[$0..<$0 + 5] }
      #expect(slab == [9, 0] + expected)
    }
  }

  @Test("reads adjacent ranges at once")
  func adjacentPieces() throws {
    let source = MemorySource(path: "in", Self.content)
    var slab: [UInt8] = []
    try source.read(StridedRanges(count: 4, byteCount: 10, offset: 7, stride: 10), into: &slab, at: 0)
    #expect(slab == Array(Self.content[7..<47]))
    #expect(source.readRanges == [7..<47])
  }

  @Test("names its path if it ends early")
  func endsEarly() throws {
    for source in try sources() {
      var slab: [UInt8] = []
      #expect { try source.read(at: 4990, count: 20, into: &slab) } throws: {
        "\($0)" == "\(source.path): ends at byte 5,000 but 5,010 bytes were expected"
      }
    }
  }

  @Test("is copied into an output whether or not it is a local file")
  func copies() throws {
    for (index, source) in try sources().enumerated() {
      let output = try AtomicFile(folder.file("out-\(index)"), overwrite: .refuse)
      try output.copy(source, from: 10, count: 4000, to: 3)
      try output.commit()
      let copied = try LocalFile(folder.file("out-\(index)")).wholeContent(limit: 1 << 20)
      #expect(copied == [0, 0, 0] + Self.content[10..<4010])
    }
  }

  @Test("shares no blocks unless it is a local file")
  func sharing() throws {
    let output = try AtomicFile(folder.file("out"), overwrite: .refuse)
    let source = MemorySource(path: "in", [UInt8](repeating: 1, count: 1 << 16))
    #expect(output.share(source, from: 0, count: 1 << 16, to: 0).isEmpty)
    #expect(source.localFile == nil)
    #expect(try sources()[0].localFile != nil)
  }

  @Test("that changed is not written as an output")
  func changes() throws {
    let source = MemorySource(path: "in", Self.content)
    source.change()
    #expect(throws: FileError.self) {
      try AtomicFile.write([1], before: source, from: 0, to: folder.file("out"), overwrite: .refuse)
    }
    #expect(!folder.names.contains("out"))
  }
}

@Suite("A tree of files")
struct FileTreeTests {
  @Test("is the same in memory and on a disk")
  func sameTree() throws {
    let local = LocalFolder(Fixtures.path("architectures", "bert-bge"))
    let memory = try MemoryTree(copying: local.path)
    #expect(try memory.names(in: "") == local.names(in: ""))
    #expect(try memory.names(in: "1_Pooling") == local.names(in: "1_Pooling"))
    for name in ["1_Pooling", "config.json", "1_Pooling/config.json", "none"] {
      #expect(memory.kind(of: name) == local.kind(of: name), "\(name)")
    }
    let file = "1_Pooling/config.json"
    #expect(try memory.open(file).wholeContent(limit: 1 << 20) == local.open(file).wholeContent(limit: 1 << 20))
    #expect(throws: FileError.self) { try memory.open("none") }
  }

  @Test("is known by its path if it is a local folder")
  func identity() throws {
    let path = Fixtures.path("llama-gqa")
    #expect(LocalFolder(path).isFolder(at: path + "/../llama-gqa"))
    #expect(!LocalFolder(path).isFolder(at: Fixtures.path("yi")))
    #expect(try !MemoryTree(copying: path).isFolder(at: path))
  }
}
