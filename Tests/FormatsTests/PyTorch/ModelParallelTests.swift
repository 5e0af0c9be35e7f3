import Bytes
import TestSupport
import Tensors
import Testing

@testable import Formats

/// Shards that a script split as Meta's model does; that they make the model again, `PyTorchModelTests` compares.
@Suite("Model-parallel shards")
struct ModelParallelTests {
  private func contents(_ change: (inout [String: [UInt8]]) -> Void = { _ in }) throws -> [String: [UInt8]] {
    var contents: [String: [UInt8]] = [:]
    for name in ["consolidated.00.pth", "consolidated.01.pth", "params.json"] {
      contents[name] = try LocalFile(Fixtures.path("pytorch", "meta", name)).wholeContent(limit: 1 << 20)
    }
    change(&contents)
    return contents
  }

  private func open(_ contents: [String: [UInt8]], _ name: String? = nil) throws -> Checkpoint {
    let tree = MemoryTree(path: "m", contents)
    return try Checkpoint.open(InputLocation(folder: tree, file: name.map { try tree.open($0) }))
  }

  @Test("are joined, whichever is named", arguments: [nil, "consolidated.00.pth", "consolidated.01.pth"])
  func joined(name: String?) throws {
    let checkpoint = try open(contents(), name)
    #expect(checkpoint.containerFacts == ["form": "zip", "modelParallelSize": "2"])
    #expect(checkpoint.remarks == ["tensor \"rope.freqs\" is left out: computed from the RoPE base"])
    #expect(checkpoint.tensor("rope.freqs") == nil)
    #expect(checkpoint.tensor("layers.1.attention.wq.weight")?.shape == [32, 32])
    #expect(checkpoint.tensor("layers.1.attention.wo.weight")?.shape == [32, 32])
    #expect(checkpoint.tensor("layers.1.feed_forward.w2.weight")?.shape == [32, 48])
    #expect(checkpoint.tensor("tok_embeddings.weight")?.shape == [96, 32])
    #expect(checkpoint.tensor("norm.weight")?.fileIndex == 0)
    #expect(checkpoint.storedFiles.map(\.name) == ["consolidated.00.pth", "consolidated.01.pth"])
  }

  @Test("of which there is one are a file like others")
  func single() throws {
    let checkpoint = try open(contents { $0["consolidated.01.pth"] = nil })
    #expect(checkpoint.tensor("layers.1.attention.wo.weight")?.shape == [32, 16])
    #expect(checkpoint.remarks.isEmpty)
  }

  @Test("are refused if one is missing")
  func missing() throws {
    let files = try contents {
      $0["consolidated.03.pth"] = $0["consolidated.01.pth"]
      $0["consolidated.01.pth"] = nil
    }
    #expect(
      failure { try open(files) } == "m: 2 of 4 shards are missing from the folder: \"consolidated.01.pth\","
        + " \"consolidated.02.pth\" (download them)")
    let three = try contents { $0["consolidated.02.pth"] = $0["consolidated.01.pth"] }
    #expect(
      failure { try open(three) } == "m: tensor \"tok_embeddings.weight\": 3 parts of 96 × 16 make no rows of 32"
        + " (is a shard missing?)")
  }

  @Test("with norms that differ are refused")
  func differingNorms() throws {
    let one = try open(contents { $0["consolidated.01.pth"] = nil })
    let norm = try #require(one.tensor("layers.0.ffn_norm.weight")?.byteRange)
    let changed = try contents { $0["consolidated.01.pth"]?[norm.offset + 3] ^= 1 }
    #expect(
      failure { try open(changed) } == "m: tensor \"layers.0.ffn_norm.weight\": has another value in shard"
        + " \"consolidated.01.pth\" than in \"consolidated.00.pth\" (are they of one model?)")
  }

  @Test("with other tensors, types or sizes are refused")
  func others() throws {
    func pair(_ one: String, _ other: String) throws -> [String: [UInt8]] {
      func bytes(_ name: String) throws -> [UInt8] {
        try LocalFile(Fixtures.path("pytorch", name)).wholeContent(limit: 1 << 20)
      }
      return ["consolidated.00.pth": try bytes(one), "consolidated.01.pth": try bytes(other)]
    }
    #expect(
      failure { try open(pair("tensor.pt", "tensor.pt")) }
        == "m: tensor \"tensor\": no rule says how its parts in model-parallel shards are joined")
    #expect(
      failure { try open(pair("tensor.pt", "list.pt")) }
        == "m: tensor \"0\": is missing from shard \"consolidated.00.pth\"")
    #expect(
      failure { try open(pair("list.pt", "tensor.pt")) }
        == "m: tensor \"tensor\": is missing from shard \"consolidated.00.pth\"")
    #expect(
      failure { try open(pair("tensor.pt", "twin.safetensors")) }
        == "m: shard \"consolidated.01.pth\" is a safetensors file, expected PyTorch")
  }
}
