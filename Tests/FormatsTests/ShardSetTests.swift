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

  func expect(_ problems: [String], from name: String = "") {
    let message = failure { try Checkpoint.open(name.isEmpty ? folder.path : folder.file(name)) }
    #expect(message == problems.joined(separator: "\n"))
  }

  @Test("names missing shards in one line")
  func missingShards() throws {
    try shard(1, ["a"])
    try index(["a": Self.first, "b": Self.second, "c": Self.second, "d": "other.safetensors"])
    expect([
      "\(indexPath): 2 of 3 shards are missing from the folder: \"\(Self.second)\", \"other.safetensors\""
        + " (download them, or delete the index if it belongs to another set)"
    ])
    try index(["a": Self.first, "b": Self.second])
    expect([
      "\(indexPath): 1 of 2 shards is missing from the folder: \"\(Self.second)\""
        + " (download it, or delete the index if it belongs to another set)"
    ])
  }

  @Test("names five of many missing shards")
  func manyMissingShards() throws {
    try shard(1, ["a"])
    let map = (1...40).map { "\"t\($0)\":\"x\($0).safetensors\"" }.joined(separator: ",")
    try folder.writeUnflushed(
      Array("{\"weight_map\":{\"a\":\"\(Self.first)\",\(map)}}".utf8), to: "model.safetensors.index.json")
    let message = failure { try Checkpoint.open(folder.path) }
    #expect(message.contains("40 of 41 shards are missing") && message.contains("and 35 more (download them"))
  }

  @Test("remarks on differences between index and shards")
  func differences() throws {
    try shard(1, ["a", "wrong", "extra"])
    try shard(2, ["b"])
    try index(["a": Self.first, "absent": Self.first, "gone": Self.second, "wrong": Self.second, "b": Self.second])
    let checkpoint = try Checkpoint.open(folder.path)
    #expect(checkpoint.tensors.map(\.name) == ["a", "wrong", "extra", "b"])
    #expect(
      checkpoint.remarks == [
        "2 tensors, first \"absent\": listed in the index but in no shard",
        "tensor \"wrong\": in another shard than the index says",
        "tensor \"extra\": in the shards but not listed in the index",
      ])
  }

  @Test(
    "reads shards by any path in the folder",
    arguments: [
      ("./", ""), ("weights/", "weights"), ("./weights/./", "weights"), ("a b/é/", "a b/é"), ("", ""),
    ])
  func paths(prefix: String, subfolder: String) throws {
    let names = ["my model 1 of 2.safetensors", "zweites.safetensors"]
    let map = zip(["a", "b"], names).map { "\"\($0)\":\"\(prefix)\($1)\"" }.joined(separator: ",")
    var contents = ["model.safetensors.index.json": Array("{\"weight_map\":{\(map)}}".utf8)]
    for (name, tensor) in zip(names, ["a", "b"]) {
      let file = SafeTensorsBytes("{\(SafeTensorsBytes.entry(tensor, "U8", [1], 0, 1))}", dataByteCount: 1)
      contents[subfolder.isEmpty ? name : "\(subfolder)/\(name)"] = file.bytes
    }
    let location = InputLocation(folder: MemoryTree(path: "/nowhere", contents))
    #expect(try Checkpoint.open(location).tensors.map(\.name) == ["a", "b"])
  }

  @Test("reads the set in place of a stale index")
  func staleIndex() throws {
    try shard(1, ["a"])
    try shard(2, ["b"])
    try index(["a": "model-00001-of-00004.safetensors", "b": "model-00004-of-00004.safetensors"])
    let remark = "model.safetensors.index.json lists no file of the folder, so "
    let checkpoint = try Checkpoint.open(folder.path)
    #expect(checkpoint.tensors.map(\.name) == ["a", "b"])
    #expect(checkpoint.remarks == [remark + "the complete set of 2 shards was read (delete the index)"])
    // The set with the stem of the index comes before other files.
    let other = SafeTensorsBytes("{\(SafeTensorsBytes.entry("c", "U8", [1], 0, 1))}", dataByteCount: 1)
    try folder.writeUnflushed(other.bytes, to: "adapter_model.safetensors")
    #expect(try Checkpoint.open(folder.path).tensors.count == 2)
    // Two sets of its stem, or a set that is not complete, leave it open.
    try folder.writeUnflushed(other.bytes, to: "model.safetensors")
    expect([
      "\(indexPath): 2 of 2 shards are missing from the folder: \"model-00001-of-00004.safetensors\","
        + " \"model-00004-of-00004.safetensors\" (download them, or delete the index if it belongs to another set)"
    ])
  }

  @Test("reads the file in place of a stale index")
  func staleIndexOfOneFile() throws {
    let file = SafeTensorsBytes("{\(SafeTensorsBytes.entry("c", "U8", [1], 0, 1))}", dataByteCount: 1)
    try folder.writeUnflushed(file.bytes, to: "model.safetensors")
    try index(["a": Self.first, "b": Self.second])
    let checkpoint = try Checkpoint.open(folder.path)
    #expect(checkpoint.tensors.map(\.name) == ["c"])
    #expect(
      checkpoint.remarks == [
        "model.safetensors.index.json lists no file of the folder, so \"model.safetensors\" was read (delete the index)"
      ])
    try shard(1, ["a"])
    #expect(failure { try Checkpoint.open(folder.path) }.contains("several weights"))
  }

  @Test("reads an index as Python does")
  func indexAsPython() throws {
    try shard(1, ["a"])
    let text = "\u{FEFF}{\"weight_map\":{\"a\":\"\(Self.first)\",\"a\":\"\(Self.first)\"}}"
    try folder.writeUnflushed(Array(text.utf8), to: "model.safetensors.index.json")
    #expect(
      try Checkpoint.open(folder.path).remarks == [
        "model.safetensors.index.json: begins with a byte-order mark, which was skipped",
        "model.safetensors.index.json: key \"a\" occurs twice in one object: the last value counts, as in Python",
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
      ("", ""), ("a/../../b", "a/../../b"), ("./..", "./.."), ("a//b", "a//b"), ("a/", "a/"), ("http://x", "http://x"),
      (#"a\u0000b"#, #"a\u{0}b"#), (#"\u001b[2J"#, #"\u{1b}[2J"#),
      // A combining character after the slash is no part of it.
      ("../\u{308}x", "../\u{308}x"), ("..\u{338}/../x", "..\u{338}/../x"),
    ])
  func hostileNames(name: String, shown: String) throws {
    try index(["a": name, "b": name])
    expect([
      "\(indexPath): weight_map: shard name \"\(shown)\" is not the path of a file in the folder of the index"
    ])
  }

  static let indices: [(text: String, message: String)] = [
    ("[]", "index is an array, expected an object with \"weight_map\""),
    ("{}", "has no \"weight_map\", so it is not an index of shards (pass the model's folder or its weights)"),
    ("{\"weight_map\":[]}", "weight_map is an array, expected an object of tensor and file names"),
    ("{\"weight_map\":{}}", "weight_map lists no tensors"),
    ("{\"weight_map\":{\"a\":1}}", "weight_map: tensor \"a\": is a number, expected the name of a file"),
    ("{\"weight_map\":", "JSON at byte 14: ends before the value is complete"),
    ("<!doctype html>", "is an HTML page: the download got a web page in place of the file (fetch it again)"),
  ]

  @Test("refuses an index", arguments: indices)
  func badIndex(text: String, message: String) throws {
    try folder.writeUnflushed(Array(text.utf8), to: "model.safetensors.index.json")
    expect(["\(indexPath): \(message)"])
  }

  @Test("words 20,000 absent tensors as one remark")
  func manyAbsentTensors() throws {
    try shard(1, ["a"])
    let map = (0..<20_000).map { "\"t\($0)\":\"\(Self.first)\"" }.joined(separator: ",")
    try folder.writeUnflushed(Array("{\"weight_map\":{\(map)}}".utf8), to: "model.safetensors.index.json")
    #expect(
      try Checkpoint.open(folder.path).remarks == [
        "20,000 tensors, first \"t0\": listed in the index but in no shard",
        "tensor \"a\": in the shards but not listed in the index",
      ])
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
}
