import Bytes
import Formats
import TestSupport
import Tensors
import Testing

@Suite("A shard set")
struct ShardSetTests {
  let folder = TemporaryFolder()
  var indexPath: String { folder.file("model.safetensors.index.json") }

  /// A shard with one-byte tensors of these names.
  private func shard(_ number: Int, of count: Int = 2, _ tensors: [String]) throws {
    let entries = tensors.enumerated().map { SafeTensorsBytes.entry($1, "U8", [1], $0, $0 + 1) }
    let file = SafeTensorsBytes("{\(entries.joined(separator: ","))}", dataByteCount: tensors.count)
    try folder.writeUnflushed(file.bytes, to: "model-0000\(number)-of-0000\(count).safetensors")
  }

  private func index(_ map: KeyValuePairs<String, String>) throws {
    let pairs = map.map { "\"\($0.key)\":\"\($0.value)\"" }.joined(separator: ",")
    try folder.writeUnflushed(Array("{\"weight_map\":{\(pairs)}}".utf8), to: "model.safetensors.index.json")
  }

  static let first = "model-00001-of-00002.safetensors"
  static let second = "model-00002-of-00002.safetensors"

  private func expect(_ problems: [String], from name: String = "") {
    let message = failure { try Checkpoint.open(name.isEmpty ? folder.path : folder.file(name)) }
    #expect(message == problems.joined(separator: "\n"))
  }

  @Test("names a missing shard and its tensors")
  func missingShard() throws {
    try shard(1, ["a"])
    try index(["a": Self.first, "b": Self.second, "c": Self.second, "d": "other.safetensors"])
    expect([
      "\(indexPath): shard \"\(Self.second)\" is missing from the folder (2 tensors are listed in it)",
      "\(indexPath): shard \"other.safetensors\" is missing from the folder (1 tensor is listed in it)",
    ])
  }

  @Test("lists all tensors in wrong shards")
  func wrongShards() throws {
    try shard(1, ["a", "wrong", "extra"])
    try shard(2, ["b"])
    try index(["a": Self.first, "absent": Self.first, "wrong": Self.second, "b": Self.second])
    expect([
      "\(indexPath): tensor \"absent\": listed in shard \"\(Self.first)\" but not in it",
      "\(indexPath): tensor \"wrong\": listed in shard \"\(Self.second)\" but found in \"\(Self.first)\"",
      "\(indexPath): tensor \"extra\": is in shard \"\(Self.first)\" but is not listed",
    ])
  }

  @Test("refuses a tensor in two shards")
  func twoShards() throws {
    try shard(1, ["a", "b"])
    try shard(2, ["b"])
    try index(["a": Self.first, "b": Self.second])
    expect(["\(indexPath): tensor \"b\": is in shard \"\(Self.first)\" and in \"\(Self.second)\""])
  }

  @Test("names all damaged shards")
  func damagedShards() throws {
    try folder.writeUnflushed(Array("version https://git-lfs.github.com/spec/v1\nsize 5\n".utf8), to: Self.first)
    try folder.writeUnflushed(GGUFBytes().bytes, to: Self.second)
    try index(["a": Self.first, "b": Self.second])
    expect([
      "\(folder.file(Self.first)): is a Git LFS pointer to a file of 5 bytes (fetch it with git lfs pull)",
      "\(indexPath): shard \"\(Self.second)\" is a GGUF file, expected safetensors",
    ])
  }

  @Test(
    "refuses hostile shard names",
    arguments: [
      ("../evil.safetensors", "../evil.safetensors"), ("/etc/passwd", "/etc/passwd"), ("..", ".."), (".", "."),
      ("", ""),
      ("a/b", "a/b"), ("http://x", "http://x"), ("a b", "a b"), (#"a\u0000b"#, #"a\u{0}b"#), ("é", "é"),
      (#"\u001b[2J"#, #"\u{1b}[2J"#),
    ])
  func hostileNames(name: String, shown: String) throws {
    try index(["a": name, "b": name])
    expect([
      "\(indexPath): weight_map: shard name \"\(shown)\" is not a plain file name,"
        + " expected letters, digits, \".\", \"_\" and \"-\""
    ])
  }

  static let indices: [(text: String, message: String)] = [
    ("[]", "index is an array, expected an object with \"weight_map\""),
    ("{}", "has no \"weight_map\", so it is not an index of shards (pass the model's folder or its weights)"),
    ("{\"weight_map\":[]}", "weight_map is an array, expected an object of tensor and file names"),
    ("{\"weight_map\":{}}", "weight_map lists no tensors"),
    ("{\"weight_map\":{\"a\":1}}", "weight_map: tensor \"a\": is a number, expected the name of a file"),
    ("{\"weight_map\":{\"a\":\"x\",\"a\":\"y\"}}", "JSON at byte 23: key \"a\" occurs twice"),
    ("{\"weight_map\":", "JSON at byte 14: ends before the value is complete"),
    ("<!doctype html>", "is an HTML page: the download got a web page in place of the file (fetch it again)"),
  ]

  @Test("refuses an index", arguments: indices)
  func badIndex(text: String, message: String) throws {
    try folder.writeUnflushed(Array(text.utf8), to: "model.safetensors.index.json")
    expect(["\(indexPath): \(message)"])
  }

  @Test("words 20,000 problems as 20 lines and a count")
  func manyProblems() throws {
    try shard(1, ["a"])
    let map = (0..<20_000).map { "\"t\($0)\":\"\(Self.first)\"" }.joined(separator: ",")
    try folder.writeUnflushed(Array("{\"weight_map\":{\(map)}}".utf8), to: "model.safetensors.index.json")
    let lines = failure { try Checkpoint.open(folder.path) }.split(separator: "\n")
    #expect(lines.count == 21)
    #expect(lines.last == "… and 19,981 more problems")
  }

  @Test("is found by its names without an index")
  func withoutIndex() throws {
    try shard(1, ["a"])
    try shard(2, ["b"])
    for name in ["", Self.first, Self.second] {
      let checkpoint = try Checkpoint.open(folder.file(name))
      #expect(checkpoint.tensors.map(\.name) == ["a", "b"])
      #expect(checkpoint.tensors.map(\.fileIndex) == [0, 1])
      #expect(checkpoint.remarks == ["the set has no index; its shards were found by their names"])
    }
    try shard(1, ["b"])
    expect(
      ["\(folder.file(Self.second)): tensor \"b\": is in shard \"\(Self.first)\" and in \"\(Self.second)\""],
      from: Self.second)
  }

  @Test("has a remark about a wrong total in the index")
  func wrongTotal() throws {
    try shard(1, ["a"])
    try folder.writeUnflushed(
      Array("{\"metadata\":{\"total_size\":9},\"weight_map\":{\"a\":\"\(Self.first)\"}}".utf8),
      to: "model.safetensors.index.json")
    #expect(try Checkpoint.open(folder.path).remarks == ["the index states 9 bytes in all, the tensors have 1"])
  }

  // MARK: split GGUF

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
