import Bytes
import Formats
import TestSupport
import Tensors
import Testing

@Suite("A shard plan")
struct ShardPlanTests {
  /// Results of `split_torch_state_dict_into_shards` of huggingface_hub 2.4.0 for tensors of these bytes.
  static let huggingFace: [(byteCounts: [Int], limit: Int, shards: [[Int]])] = [
    ([6, 6, 2, 6, 2, 2], 10, [[0], [1, 2], [3, 4, 5]]),
    ([12, 3, 3, 20, 3, 3, 3], 10, [[0], [3], [1, 2, 4], [5, 6]]),
    ([10, 10], 10, [[0], [1]]),
    ([11], 10, [[0]]),
    ([0, 10, 0, 1], 10, [[0, 1, 2], [3]]),
    ([4, 11, 6, 1], 10, [[1], [0, 2], [3]]),
    ([5, 5], 10, [[0, 1]]),
  ]

  @Test("splits as huggingface_hub does", arguments: huggingFace)
  func safeTensors(byteCounts: [Int], limit: Int, shards: [[Int]]) {
    #expect(ShardPlan.safeTensors(byteCounts: byteCounts, limit: limit) == shards)
  }

  @Test("has one shard for no tensors")
  func noTensors() {
    #expect(ShardPlan.safeTensors(byteCounts: [], limit: 1) == [[]])
    #expect(ShardPlan.gguf(byteCounts: [], limit: 1) == [[]])
  }

  @Test("splits sizes whose sum overflows")
  func overflow() {
    #expect(ShardPlan.safeTensors(byteCounts: [.max, .max], limit: .max) == [[0], [1]])
    #expect(ShardPlan.gguf(byteCounts: [.max, .max], limit: .max) == [[0], [1]])
  }

  @Test(
    "splits as the reference converter does",
    arguments: [
      ("llama-gqa", "150K", 150_000), ("llama-gqa", "250K", 250_000),
    ])
  func gguf(model: String, size: String, limit: Int) throws {
    let tensors = try ExpectedGGUFs(model).tensors("bf16").map { tensor in
      OutputTensor(
        name: ExactString(tensor.name), format: try #require(StorageFormat(named: tensor.format)),
        shape: try #require(Shape(tensor.dimensions)))
    }
    let parts = try #require(try JSON(fixture: "expected", model, "bf16-split-\(size).json").array)
    let plan = ShardPlan.gguf(byteCounts: tensors.compactMap(\.byteCount), limit: limit)
    #expect(plan.count == parts.count)
    for (index, part) in parts.enumerated() {
      let shard = plan[index].map { tensors[$0] }
      #expect(shard.map(\.name.text) == part["tensors"]?.array?.compactMap(\.string))
      guard index > 0 else { continue }
      let metadata = GGUF.splitMetadata(Metadata(), index: index, count: parts.count, tensorCount: tensors.count)
      let layout = try GGUF.Layout(tensors: shard, metadata: metadata)
      #expect(layout.header.count == part["dataSectionOffset"]?.integer)
      #expect(layout.fileByteCount == part["byteCount"]?.integer)
    }
  }

  @Test("puts the split keys after the metadata of the first shard")
  func splitKeys() {
    var metadata = Metadata()
    metadata["general.architecture"] = .string("llama")
    let first = GGUF.splitMetadata(metadata, index: 0, count: 3, tensorCount: 30)
    let second = GGUF.splitMetadata(metadata, index: 1, count: 3, tensorCount: 30)
    #expect(first.pairs.keys == ["general.architecture", "split.no", "split.count", "split.tensors.count"])
    #expect(second.pairs.keys == ["split.no", "split.count", "split.tensors.count"])
    #expect(second.pairs.values.elements == [.uint16(1), .uint16(3), .int32(30)])
  }

  @Test("numbers names from 1")
  func names() {
    #expect(ShardName.names(stem: "model", count: 1, suffix: ".safetensors") == ["model.safetensors"])
    #expect(
      ShardName.names(stem: "m-x", count: 2, suffix: ".gguf") == ["m-x-00001-of-00002.gguf", "m-x-00002-of-00002.gguf"])
    #expect(
      ShardName("m-x-00002-of-00002.gguf") == ShardName(stem: "m-x", number: 2, count: 2, suffix: ".gguf"))
  }

  @Test(
    "rejects a name that is not of a shard",
    arguments: [
      "model.gguf", "m-0001-of-0002.gguf", "m-00000-of-00002.gguf", "m-00003-of-00002.gguf", "m-00001-of-00002.txt",
      "m-0000x-of-00002.gguf", "-of-.gguf", "00001-of-00002.gguf",
    ])
  func notAShard(name: String) {
    #expect(ShardName(name) == nil)
  }

  /// The layout is that of an index written by transformers 5.23.
  @Test("writes the index as transformers does")
  func index() {
    let bytes = SafeTensors.ShardIndex.encoded(
      shardByTensor: [
        ("model.norm.weight", "model-00002-of-00002.safetensors"),
        ("lm_head.weight", "model-00001-of-00002.safetensors"),
        ("é", "model-00001-of-00002.safetensors"),
      ], totalByteCount: 2912, totalParameterCount: 728)
    #expect(
      String(decoding: bytes, as: UTF8.self) == """
        {
          "metadata": {
            "total_parameters": 728,
            "total_size": 2912
          },
          "weight_map": {
            "lm_head.weight": "model-00001-of-00002.safetensors",
            "model.norm.weight": "model-00002-of-00002.safetensors",
            "\\u00e9": "model-00001-of-00002.safetensors"
          }
        }

        """)
  }
}
