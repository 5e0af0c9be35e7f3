import Bytes
import Formats
import Tensors
import TestSupport
import Testing

/// Split GGUF files.
extension ShardSetTests {
  private func part(
    _ number: Int, of count: Int = 3, _ tensors: [String], stated: (UInt16?, UInt16?, Int32?)? = nil,
    byteOrder: ByteOrder = .littleEndian
  ) throws {
    var file = GGUFBytes(byteOrder)
    let stated = stated ?? (UInt16(number - 1), UInt16(count), 3)
    if let value = stated.0 { file.pairs.append(file.pair("split.no", 2, file.number(value))) }
    if let value = stated.1 { file.pairs.append(file.pair("split.count", 2, file.number(value))) }
    if let value = stated.2 { file.pairs.append(file.pair("split.tensors.count", 5, file.number(value))) }
    file.records = tensors.map { .init($0, [0]) }
    try folder.writeUnflushed(file.bytes, to: Self.part(number, of: count))
  }

  private static func part(_ number: Int, of count: Int = 3) -> String { "m-0000\(number)-of-0000\(count).gguf" }

  @Test("of a GGUF names missing shards")
  func missingSplits() throws {
    try part(2, ["b"])
    let path = folder.file(Self.part(2))
    expect([
      "\(path): shard \"\(Self.part(1))\" is missing from the folder",
      "\(path): shard \"\(Self.part(3))\" is missing from the folder",
    ])
  }

  @Test("of a GGUF refuses shards that contradict their names")
  func contradictingNames() throws {
    try part(1, ["a"])
    try part(2, ["b"], stated: (2, 3, 3))
    try part(3, ["c"], stated: (2, 4, 3))
    expect([
      "\(folder.file(Self.part(2))): split.no is 2, which is shard 3, but the name says shard 2",
      "\(folder.file(Self.part(3))): split.count is 4 but the name says 3 shards",
    ])
  }

  @Test("of a GGUF refuses shards of other kinds")
  func otherKinds() throws {
    try part(1, ["a"])
    try part(2, ["b"], byteOrder: .bigEndian)
    try part(3, ["c"], stated: (nil, 3, 3))
    expect([
      "\(folder.file(Self.part(2))): shard is big-endian but the first one is little-endian",
      "\(folder.file(Self.part(3))): key \"split.no\" is missing, expected an integer, as this is a shard of a split GGUF",
    ])
    try folder.writeUnflushed(SafeTensorsBytes("{}").bytes, to: Self.part(2))
    try part(3, ["c"])
    expect(["\(folder.file(Self.part(2))): is a safetensors file, expected a shard of a split GGUF"])
  }

  @Test("of a GGUF counts the tensors and refuses one name twice")
  func countedTensors() throws {
    try part(1, ["a"])
    try part(2, ["b"])
    try part(3, ["a"])
    expect(["\(folder.file(Self.part(1))): tensor \"a\": is in shard \"\(Self.part(1))\" and in \"\(Self.part(3))\""])
    try part(3, ["c", "d"])
    expect(["\(folder.file(Self.part(1))): split.tensors.count is 3 but the shards have 4 tensors"])
  }

  @Test("of a GGUF is not found from a renamed shard")
  func renamedShard() throws {
    try part(1, ["a"])
    let bytes = try LocalFile(folder.file(Self.part(1))).wholeContent(limit: 1 << 20)
    let path = try folder.writeUnflushed(bytes, to: "renamed.gguf")
    expect(
      [
        "\(path): is one of 3 shards, but its name does not end like \"-00001-of-00003.gguf\", so the others cannot be"
          + " found (give all shards their original names)"
      ], from: "renamed.gguf")
    let other = try folder.writeUnflushed(bytes, to: Self.part(1, of: 2))
    expect(["\(other): split.count is 3 but the name says 2 shards"], from: Self.part(1, of: 2))
  }

  @Test("of a GGUF is one file if it has no split keys")
  func withoutSplitKeys() throws {
    try part(1, ["a"], stated: (nil, nil, nil))
    let checkpoint = try Checkpoint.open(folder.path)
    #expect(checkpoint.tensors.count == 1)
    #expect(
      checkpoint.remarks == ["the name says shard 1 of 3, but the file has no split.count; it is read on its own"])
  }
}
