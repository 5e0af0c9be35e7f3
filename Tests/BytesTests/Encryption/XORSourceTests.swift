import Bytes
import TestSupport
import Testing

@Suite("A file that BELLE encrypted")
struct XORSourceTests {
  private static let chunk = 10 << 20

  /// The offset in the key of the byte that byte `offset` of a file is combined with, found as decrypt.py finds it: chunk by
  /// chunk, reading the key on and from its start again.
  private static func keyOffset(of offset: Int, keyByteCount: Int) -> Int {
    var keyPosition = 0, start = 0
    while true {
      if keyPosition == keyByteCount { keyPosition = 0 }
      let keyChunk = min(chunk, keyByteCount - keyPosition)
      if offset < start + chunk { return keyPosition + (offset - start) % keyChunk }
      keyPosition += keyChunk
      start += chunk
    }
  }

  private static func pattern(_ count: Int, _ step: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index &* step &+ index >> 8) }
    return bytes
  }

  @Test(
    "is decrypted with the bytes of the key that the original script takes",
    arguments: [
      1, 3, 70_000, (1 << 16) - 1, 1 << 16, chunk - 1, chunk, chunk + 1, chunk + 70_001, 2 * chunk, 2 * chunk + 5,
    ])
  func keyBytes(keyByteCount: Int) throws {
    let key = Self.pattern(keyByteCount, 7), plainByteCount = 3 * Self.chunk + 1000
    let encrypted = MemorySource(path: "m.bin", Self.pattern(plainByteCount + 32, 11))
    let source = try XORSource(encrypted, key: MemorySource(path: "key", key), path: "m")
    #expect(source.byteCount == plainByteCount)
    #expect(source.digest == Array(encrypted.bytes.prefix(32)))
    for start in [0, 65_530, Self.chunk - 50, 2 * Self.chunk - 50, 3 * Self.chunk - 50, plainByteCount - 100] {
      let bytes = try source.bytes(at: start, count: 100)
      let expected = (start..<start + 100).map { offset in
        encrypted.bytes[32 + offset] ^ key[Self.keyOffset(of: offset, keyByteCount: keyByteCount)]
      }
      #expect(bytes == expected, "from byte \(start)")
    }
  }

  @Test("gives the same bytes in one read and in many")
  func reads() throws {
    let key = MemorySource(path: "key", Self.pattern(977, 5))
    let source = try XORSource(MemorySource(path: "m", Self.pattern(5000, 3)), key: key, path: "m")
    let whole = try source.bytes(at: 0, count: source.byteCount)
    for step in [1, 7, 8, 9, 500] {
      var parts: [UInt8] = []
      for start in stride(from: 0, to: source.byteCount, by: step) {
        parts += try source.bytes(at: start, count: min(step, source.byteCount - start))
      }
      #expect(parts == whole)
    }
  }

  @Test("needs a key, and a digest before the bytes")
  func refusals() {
    let file = MemorySource(path: "m", [UInt8](repeating: 1, count: 40))
    #expect(throws: FileError.self) { try XORSource(file, key: MemorySource(path: "key", []), path: "m") }
    #expect(throws: FileError.self) {
      try XORSource(MemorySource(path: "m", [1, 2]), key: MemorySource(path: "key", [1]), path: "m")
    }
  }

  private static let digest = String(repeating: "0aF", count: 21) + "9"

  @Test("has its first name in a folder, where other files are as they are")
  func folder() throws {
    let plain = [UInt8](repeating: 9, count: 32) + [1, 2, 3]
    let tree = MemoryTree(
      path: "folder",
      [
        "config.json.\(Self.digest).enc": plain, "notes.txt": [7], "sub/a.bin.\(Self.digest).enc": plain, "x.enc": [1],
      ])
    let folder = XORFolder(tree, key: MemorySource(path: "key", [1]))
    #expect(try folder.names(in: "") == ["config.json", "notes.txt", "sub", "x.enc"])
    #expect(try folder.names(in: "sub") == ["a.bin"])
    #expect(folder.kind(of: "config.json") == .regular && folder.kind(of: "sub") == .folder)
    #expect(folder.kind(of: "absent") == nil)
    let file = try folder.open("config.json")
    #expect(file.path == "folder/config.json")
    #expect(try file.bytes(at: 0, count: file.byteCount) == [0, 3, 2])
    #expect(try folder.open("sub/a.bin").byteCount == 3)
    #expect(try folder.open("notes.txt").bytes(at: 0, count: 1) == [7])
    #expect(throws: FileError.self) { try folder.open("absent") }
  }

  @Test(
    "is told by its name",
    arguments: [
      ("config.json.\(digest).enc", "config.json"), ("\(digest).enc", nil), (".\(digest).enc", nil),
      ("a.\(digest)", nil), ("a.\(digest.dropLast()).enc", nil), ("a.g\(digest.dropFirst()).enc", nil),
    ] as [(String, String?)])
  func names(name: String, decrypted: String?) {
    #expect(XORFolder.decryptedName(name) == decrypted)
  }
}
