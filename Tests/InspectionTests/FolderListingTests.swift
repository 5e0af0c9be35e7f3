import Architectures
import Bytes
import Inspection
import Models
import TestSupport
import Testing

@Suite("A listing of a folder")
struct FolderListingTests {
  private func copy(_ source: String, to target: String, in folder: TemporaryFolder) throws {
    let path = Fixtures.path(source)
    try write(InputLocation.openFile(path).wholeContent(limit: 1 << 24), to: target, in: folder)
  }

  private func write(_ bytes: [UInt8], to target: String, in folder: TemporaryFolder) throws {
    let parts = target.split(separator: "/").map(String.init)
    for count in 1..<max(1, parts.count) {
      try FileSystem.createFolder(folder.file(parts.prefix(count).joined(separator: "/")))
    }
    try folder.write(bytes, to: target)
  }

  private func listing(_ folder: TemporaryFolder, depth: Int = 3) throws -> FolderListing {
    try FolderListing(folder.path, depth: depth, library: .bundled())
  }

  @Test("has one entry for a model folder, a set of shards and a file")
  func models() throws {
    let folder = TemporaryFolder()
    for name in ["config.json", "model.safetensors", "tokenizer.model"] {
      try copy("llama-gqa/\(name)", to: "models/llama/\(name)", in: folder)
    }
    for number in 1...3 {
      let name = "split-0000\(number)-of-00003.gguf"
      try copy("gguf/\(name)", to: name, in: folder)
    }
    try copy("expected/yi/yi-q8_0.gguf", to: "yi.gguf", in: folder)
    let entries = try listing(folder).entries
    #expect(entries.map(\.name) == ["models/llama", "split", "yi.gguf"])
    #expect(entries.allSatisfy { $0.problem == nil })
    #expect(entries.map { $0.report?.architectureName } == ["llama", "llama", "llama"])
    #expect(try listing(folder, depth: 1).entries.map(\.name) == ["split", "yi.gguf"])
  }

  @Test("names repositories in the cache of a hub, and revisions that are not the main one")
  func cache() throws {
    let folder = TemporaryFolder()
    let repository = "models--01-ai--Yi-6B"
    try write(Array("0123456789abcdef\n".utf8), to: "\(repository)/refs/main", in: folder)
    for revision in ["0123456789abcdef", "fedcba9876543210"] {
      try copy("expected/yi/yi-q8_0.gguf", to: "\(repository)/snapshots/\(revision)/yi.gguf", in: folder)
    }
    try write([1], to: "\(repository)/blobs/77aa.incomplete", in: folder)
    let entries = try listing(folder).entries
    #expect(
      entries.map(\.name) == ["01-ai/Yi-6B/77aa.incomplete", "01-ai/Yi-6B/yi.gguf", "01-ai/Yi-6B@fedcba98/yi.gguf"])
    #expect(entries[0].problem == "is an unfinished download")
  }

  @Test("has what cannot be read with the reason")
  func problems() throws {
    let folder = TemporaryFolder()
    try copy("gguf/split-00002-of-00003.gguf", to: "split-00002-of-00003.gguf", in: folder)
    try folder.write(Array("version https://git-lfs.github.com/spec/v1\n".utf8), to: "pointer.gguf")
    try folder.write([], to: "model.gguf.part")
    let entries = try listing(folder).entries
    #expect(entries.map(\.name) == ["model.gguf.part", "pointer.gguf", "split"])
    #expect(entries.allSatisfy { $0.report == nil && $0.problem != nil })
    #expect(entries[2].problem?.contains("missing") == true)
  }

  @Test("of something else than a folder is an error")
  func notAFolder() throws {
    #expect(throws: (any Error).self) {
      try FolderListing(Fixtures.path("README.md"), depth: 1, library: .bundled())
    }
    #expect(throws: (any Error).self) {
      try FolderListing(Fixtures.path("no-such-folder"), depth: 1, library: .bundled())
    }
  }
}
