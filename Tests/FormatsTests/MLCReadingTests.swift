import Bytes
import Formats
import Tensors
import TestSupport
import Testing

@Suite("A checkpoint of MLC")
struct MLCReadingTests {
  private static let fixture = Fixtures.path("mlc", "llama")

  /// A shard of 16 bytes with the MD5 of nothing in particular.
  private static let digest = String(repeating: "0a", count: 16)

  /// An index of one shard of 16 bytes, `params_shard_0.bin`, with these tensors.
  private static func index(_ tensors: [String], shard: String = "") -> String {
    #"{"metadata":{"ParamSize":\#(tensors.count)},"records":[{"dataPath":"params_shard_0.bin","format":"raw-shard","#
      + #""nbytes":16,"md5sum":"\#(digest)","records":[\#(tensors.joined(separator: ","))]}\#(shard)]}"#
  }

  private static func tensor(
    _ name: String, _ type: String, _ shape: String, offset: Int, count: Int, format: String = "raw"
  ) -> String {
    #"{"name":"\#(name)","shape":\#(shape),"dtype":"\#(type)","format":"\#(format)","nbytes":\#(count),"#
      + #""byteOffset":\#(offset)}"#
  }

  private static let good = tensor("a", "float16", "[2,2]", offset: 0, count: 8)

  private func tree(_ index: String, name: String = "tensor-cache.json", _ more: [String: [UInt8]] = [:]) -> MemoryTree
  {
    let files = [name: Array(index.utf8), "params_shard_0.bin": [UInt8](repeating: 1, count: 16)]
    return MemoryTree(path: "folder", files.merging(more) { $1 })
  }

  private func open(_ index: String, _ more: [String: [UInt8]] = [:]) throws -> Checkpoint {
    try Checkpoint.open(InputLocation(folder: tree(index, more)))
  }

  @Test("is opened by its folder, its index or any shard")
  func opening() throws {
    let folder = try Checkpoint.open(Self.fixture)
    #expect(folder.container == .mlc)
    #expect(folder.files.map(\.name) == (0..<5).map { "params_shard_\($0).bin" })
    #expect(folder.tensors.count == 35)
    #expect(folder.remarks.isEmpty)
    #expect(folder.fileDigests.map(\.fileIndex) == [0, 1, 2, 3, 4])
    let codes = try #require(folder.tensor("model.layers.2.self_attn.qkv_proj.q_weight"))
    #expect(codes.shape == [96, 8] && codes.format == .u32)
    let scales = try #require(folder.tensor("model.layers.2.self_attn.qkv_proj.q_scale"))
    #expect(scales.shape == [96, 2] && scales.format == .f16)
    for name in ["tensor-cache.json", "params_shard_3.bin"] {
      #expect(try Checkpoint.open(Self.fixture + "/" + name).tensors == folder.tensors)
    }
  }

  @Test("has BF16 where F32 was narrowed, and other types as they are")
  func formats() throws {
    let checkpoint = try open(
      Self.index([
        Self.tensor("a", "float32", "[2]", offset: 0, count: 4, format: "f32-to-bf16"),
        Self.tensor("b", "float32", "[1]", offset: 4, count: 4),
        Self.tensor("c", "float16", "[1,2]", offset: 8, count: 4, format: "f32-to-bf16"),
        Self.tensor("d", "bfloat16", "[]", offset: 12, count: 2),
        Self.tensor("e", "float4_e2m1fn", "[2]", offset: 14, count: 1),
      ]))
    #expect(checkpoint.tensors.map(\.declaredFormat.description) == ["BF16", "F32", "F16", "BF16", "float4_e2m1fn"])
    #expect(checkpoint.tensors.map(\.fileOffset) == [0, 4, 8, 12, 14])
    #expect(checkpoint.remarks == ["params_shard_0.bin: 1 byte belongs to no tensor"])
    #expect(checkpoint.fileDigests == [FileDigestStatement(fileIndex: 0, md5: Self.digest)])
  }

  @Test("prefers the newer of two indices, and is opened by the older one alone")
  func twoIndices() throws {
    let older = Array(Self.index([Self.tensor("old", "uint8", "[16]", offset: 0, count: 16)]).utf8)
    let newer = Self.index([Self.tensor("new", "uint8", "[16]", offset: 0, count: 16)])
    #expect(try open(newer, ["ndarray-cache.json": older]).tensors.map(\.name) == ["new"])
    let alone = tree(String(decoding: older, as: UTF8.self), name: "ndarray-cache.json")
    #expect(try Checkpoint.open(InputLocation(folder: alone)).tensors.map(\.name) == ["old"])
  }

  @Test("reads no byte of a shard")
  func noData() throws {
    let tree = tree(Self.index([Self.good]))
    _ = try Checkpoint.open(InputLocation(folder: tree))
    #expect(tree.file("params_shard_0.bin")?.readRanges == [])
  }

  @Test("remarks on a number of tensors that the index does not list")
  func count() throws {
    let index = Self.index([Self.tensor("a", "uint8", "[16]", offset: 0, count: 16)])
    let other = index.replacing(#""ParamSize":1"#, with: #""ParamSize":2"#)
    #expect(try open(other).remarks == ["the index states 2 tensors, and lists 1"])
  }

  @Test(
    "refuses an index that is not one",
    arguments: [
      ("[]", "records: expected a list of shards"),
      (#"{"records":[]}"#, "records: expected a list of shards"),
      (
        index([good]).replacing("params_shard_0.bin", with: "../params_shard_0.bin"),
        "records[0].dataPath: expected the name of a file in the folder of the index"
      ),
      (
        index([good]).replacing(#""params_shard_0.bin""#, with: "7"),
        "records[0].dataPath: expected the name of a file in the folder of the index"
      ),
      (
        index([good], shard: #",{"dataPath":"params_shard_0.bin"}"#), #"lists shard "params_shard_0.bin" twice"#
      ),
      (
        index([good], shard: #",{"dataPath":"b.bin"},{"dataPath":"c.bin"}"#),
        #"2 of 3 shards are missing from the folder: "b.bin", "c.bin" (download them)"#
      ),
      (
        index([good]).replacing("raw-shard", with: "zip"), #"records[0].format: expected "raw-shard""#
      ),
      (
        index([good]).replacing(#""nbytes":16"#, with: #""nbytes":17"#),
        #"shard "params_shard_0.bin" has 16 bytes, expected 17 (download it again)"#
      ),
      (
        index([good]).replacing(#""nbytes":16"#, with: #""nbytes":-1"#),
        "records[0].nbytes: expected the bytes of the file"
      ),
      (
        index([good]).replacing(digest, with: "xyz"), "records[0].md5sum: expected 32 hexadecimal digits"
      ),
      (
        #"{"records":[{"dataPath":"params_shard_0.bin","format":"raw-shard","nbytes":16}]}"#,
        "records[0].records: expected a list of tensors"
      ),
      (
        index([good.replacing(#""a""#, with: #""""#)]), "records[0].records[0].name: expected the name of a tensor"
      ),
      (
        index([tensor("a", "float16", "[2,-2]", offset: 0, count: 8)]),
        "records[0].records[0].shape: expected a list of integers from 0 whose product fits 63 bits"
      ),
      (
        index([tensor("a", "float16", "[4294967296,4294967296]", offset: 0, count: 8)]),
        "records[0].records[0].shape: expected a list of integers from 0 whose product fits 63 bits"
      ),
      (
        index([tensor("a", "float16", #"["2"]"#, offset: 0, count: 8)]),
        "records[0].records[0].shape: expected a list of integers from 0 whose product fits 63 bits"
      ),
      (
        index([tensor("a", "float16", "[4611686018427387904]", offset: 0, count: 8)]),
        #"tensor "a": nbytes is 8, but 4611686018427387904 of F16 takes more than 63 bits can count"#
      ),
      (
        index([good.replacing(#""float16""#, with: "null")]), "records[0].records[0].dtype: expected an element type"
      ),
      (
        index([good.replacing("raw", with: "gz")]),
        #"records[0].records[0].format: expected "raw" or "f32-to-bf16""#
      ),
      (
        index([tensor("a", "float16", "[4]", offset: 9, count: 8)]),
        "records[0].records[0]: expected byteOffset and nbytes within the 16 bytes of the shard"
      ),
      (
        index([tensor("a", "float16", "[4]", offset: 9_223_372_036_854_775_807, count: 8)]),
        "records[0].records[0]: expected byteOffset and nbytes within the 16 bytes of the shard"
      ),
      (
        index([tensor("a", "float32", "[2]", offset: 0, count: 8, format: "f32-to-bf16")]),
        #"tensor "a": nbytes is 8, but 2 of BF16 takes 4"#
      ),
      (index([good, good]), #"tensor "a": is listed twice in shard "params_shard_0.bin""#),
      (
        index([good, tensor("b", "uint8", "[4]", offset: 7, count: 4)]),
        #"tensor "b": overlaps "a" in shard "params_shard_0.bin""#
      ),
    ])
  func refusals(index: String, message: String) {
    #expect(failure { try open(index) } == "folder/tensor-cache.json: " + message)
  }

  @Test("refuses a tensor that is in two shards")
  func twoShards() {
    let second =
      #",{"dataPath":"b.bin","format":"raw-shard","nbytes":16,"records":[\#(Self.good)]}"#
    let bytes = [UInt8](repeating: 0, count: 16)
    #expect(
      failure { try open(Self.index([Self.good], shard: second), ["b.bin": bytes]) }
        == #"folder/tensor-cache.json: tensor "a": is in shard "params_shard_0.bin" and in "b.bin""#)
  }

  @Test("an index cut anywhere is refused")
  func truncation() {
    let index = Array(Self.index([Self.good]).utf8)
    for count in index.indices {
      #expect(
        failure { try open(String(decoding: index.prefix(count), as: UTF8.self)) } != "", "cut after \(count) bytes")
    }
  }

  @Test("2,000 damaged indices are read or refused")
  func mutation() throws {
    let index = Array(Self.index([Self.good, Self.tensor("b", "uint32", "[1,2]", offset: 8, count: 8)]).utf8)
    var generator = SeededGenerator(seed: 8)
    var refusedCount = 0
    for _ in 0..<2_000 {
      var bytes = index
      for _ in 0...Int.random(in: 0..<3, using: &generator) {
        bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0x20..<0x7F, using: &generator)
      }
      let tree = MemoryTree(
        path: "folder", ["tensor-cache.json": bytes, "params_shard_0.bin": [UInt8](repeating: 1, count: 16)])
      do {
        let checkpoint = try Checkpoint.open(InputLocation(folder: tree))
        #expect(checkpoint.tensors.allSatisfy { $0.fileOffset >= 0 && $0.fileOffset + $0.byteCount <= 16 })
      } catch {
        refusedCount += 1
        #expect(error is any IngotError)
      }
    }
    #expect(refusedCount > 1_000)
  }
}
