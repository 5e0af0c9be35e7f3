import Bytes
import TestSupport
import Tensors
import Testing

@testable import Formats

/// A folder that torch.distributed.checkpoint wrote, compared with the same tensors in safetensors.
@Suite("A distributed checkpoint")
struct DistributedTests {
  private static let folder = Fixtures.path("distributed", "ranks")

  private func compare(_ checkpoint: Checkpoint) throws {
    let twin = try Checkpoint.open(Fixtures.path("distributed", "twin.safetensors"))
    #expect(Set(checkpoint.tensors.map(\.name)) == Set(twin.tensors.map(\.name)))
    for tensor in checkpoint.tensors {
      let expected = try #require(twin.tensor(tensor.name))
      #expect(tensor.shape == expected.shape && tensor.declaredFormat == expected.declaredFormat, "\(tensor.name)")
      let own = try #require(tensor.byteRange), other = try #require(expected.byteRange)
      #expect(
        try checkpoint.files[own.fileIndex].bytes(at: own.offset, count: own.byteCount)
          == twin.files[other.fileIndex].bytes(at: other.offset, count: other.byteCount), "\(tensor.name)")
    }
  }

  @Test("is opened by its folder, its list or any file of chunks", arguments: ["", "/.metadata", "/__2_0.distcp"])
  func opening(name: String) throws {
    let checkpoint = try Checkpoint.open(Self.folder + name)
    #expect(checkpoint.container == .distributed)
    try compare(checkpoint)
    #expect(checkpoint.storedFiles.map(\.name).sorted() == (0..<4).map { "__\($0)_0.distcp" })
    #expect(
      checkpoint.remarks == [
        "the model's tensors are those in \"model\"", "1 tensor of \"optimizer\" is not read",
      ])
  }

  private static func contents() throws -> [String: [UInt8]] {
    var contents: [String: [UInt8]] = [:]
    for name in try FileSystem.list(folder) {
      contents[name] = try LocalFile(folder + "/" + name).wholeContent(limit: 1 << 20)
    }
    return contents
  }

  private func open(_ contents: [String: [UInt8]]) throws -> Checkpoint {
    try Checkpoint.open(InputLocation(folder: MemoryTree(path: "m", contents)))
  }

  @Test("without one of its files is refused")
  func missing() throws {
    var contents = try Self.contents()
    contents["__2_0.distcp"] = nil
    #expect(
      failure { try open(contents) } == "m/.metadata: file \"__2_0.distcp\" is missing from the folder (download it)")
  }

  @Test("of which a file is cut is refused")
  func cut() throws {
    var contents = try Self.contents()
    // The last chunk belongs to the optimizer.
    for kept in Swift.stride(from: 0, to: 4_800, by: 37) {
      contents["__1_0.distcp"] = Array(try Self.contents()["__1_0.distcp"]?.prefix(kept) ?? [])
      #expect(failure { try open(contents) }.hasPrefix("m/.metadata: tensor "), "after \(kept) bytes")
    }
  }

  @Test("with a list that is cut anywhere is refused")
  func cutList() throws {
    var contents = try Self.contents()
    let list = contents[".metadata"] ?? []
    for count in list.indices {
      contents[".metadata"] = Array(list.prefix(count))
      #expect(failure { try open(contents) } != "", "after \(count) bytes")
    }
  }

  @Test("damaged anywhere is read or refused", arguments: [".metadata", "__3_0.distcp"])
  func mutation(name: String) throws {
    let contents = try Self.contents(), bytes = contents[name] ?? []
    var generator = SeededGenerator(seed: 21)
    for _ in 0..<300 {
      var changed = bytes
      for _ in 0...Int.random(in: 0..<2, using: &generator) {
        let position = Int.random(in: changed.indices, using: &generator)
        changed[position] = UInt8.random(in: 0...255, using: &generator)
      }
      do {
        let checkpoint = try open(contents.merging([name: changed]) { $1 })
        for tensor in checkpoint.tensors {
          guard let range = tensor.byteRange, range.byteCount < 1 << 20 else { continue }
          _ = try checkpoint.files[range.fileIndex].bytes(at: range.offset, count: range.byteCount)
        }
      } catch {
        #expect(error is any IngotError)
      }
    }
  }
}
