import Bytes
import TestSupport
import Tensors
import Testing

@testable import Formats

/// Grids that a script split as Megatron-LM does; that they make the model again, `MegatronModelTests` compares.
@Suite("A grid of Megatron-LM")
struct MegatronTests {
  static let save = "iter_0000010"

  /// The files of a fixture, by their paths in it.
  static func contents(
    _ name: String = "core", _ change: (inout [String: [UInt8]]) throws -> Void = { _ in }
  ) throws -> [String: [UInt8]] {
    let root = LocalFolder(Fixtures.path("megatron", name))
    var contents: [String: [UInt8]] = [:], folders = [""]
    while let folder = folders.popLast() {
      for entry in try root.names(in: folder) {
        let path = Path.join(folder, entry)
        if root.kind(of: path) == .folder {
          folders.append(path)
        } else {
          contents[path] = try root.open(path).wholeContent(limit: 1 << 20)
        }
      }
    }
    try change(&contents)
    return contents
  }

  static func open(_ contents: [String: [UInt8]], _ file: String? = nil) throws -> Checkpoint {
    let tree = MemoryTree(path: "g", contents)
    return try Checkpoint.open(InputLocation(folder: tree, file: file.map { try tree.open($0) }))
  }

  static func part(_ rank: String, save: String = save) -> String { "\(save)/mp_rank_\(rank)/model_optim_rng.pt" }

  @Test("is one checkpoint, with the arguments of training as metadata")
  func joined() throws {
    let checkpoint = try Self.open(Self.contents())
    #expect(checkpoint.container == .pyTorch)
    #expect(
      checkpoint.containerFacts
        == ["form": "zip", "tensorParallelSize": "2", "pipelineParallelSize": "2", "iteration": "10"])
    #expect(checkpoint.tensor("embedding.word_embeddings.weight")?.shape == [45, 16])
    #expect(checkpoint.tensor("output_layer.weight")?.shape == [45, 16])
    #expect(checkpoint.tensor("decoder.layers.3.self_attention.linear_qkv.weight")?.shape == [32, 16])
    #expect(checkpoint.tensor("decoder.layers.3.self_attention.linear_proj.weight")?.shape == [16, 16])
    #expect(checkpoint.tensor("decoder.layers.0.mlp.linear_fc1.weight")?.shape == [48, 16])
    #expect(checkpoint.tensor("decoder.layers.0.mlp.linear_fc2.weight")?.shape == [16, 24])
    #expect(checkpoint.tensors.count == 3 + 4 * 6)
    #expect(checkpoint.megatronArguments?["num_query_groups"]?.integer == 2)
    #expect(checkpoint.megatronArguments?["norm_epsilon"]?.real == 1e-5)
    #expect(checkpoint.megatronArguments?["lr"] == nil)
    #expect(checkpoint.storedFiles.count == 4)
    #expect(
      checkpoint.remarks == [
        "its pickle names \"megatron.core.enums.ModelType\", which is neither imported nor run",
        "dropped 3 padding rows of \"embedding.word_embeddings.weight\": no token uses them",
        "dropped 3 padding rows of \"output_layer.weight\": no token uses them",
      ])
  }

  @Test("opens by the file that names the iteration, and from the folder of an iteration")
  func opening() throws {
    let contents = try Self.contents(), whole = try Self.open(contents)
    let named = try Self.open(contents, "latest_checkpointed_iteration.txt")
    let inner = Dictionary(
      uniqueKeysWithValues: contents.filter { $0.key.hasPrefix(Self.save) }.map {
        (String($0.key.dropFirst(Self.save.count + 1)), $0.value)
      })
    for checkpoint in [named, try Self.open(inner)] {
      #expect(checkpoint.tensors.map(\.name) == whole.tensors.map(\.name))
      #expect(checkpoint.tensors.map(\.shape) == whole.tensors.map(\.shape))
    }
  }

  @Test("counts layers through chunks and stages")
  func chunks() throws {
    let names = try Self.open(Self.contents("local")).tensors.map(\.name.text)
    let norms = names.filter { $0.hasSuffix("pre_mlp_layernorm.weight") }
    #expect(norms == (0..<4).map { "decoder.layers.\($0).pre_mlp_layernorm.weight" })
    #expect(names.first == "decoder.layers.0.input_layernorm.weight")
    #expect(names.last == "output_layer.weight")
  }

  @Test("has the names of its first versions as the later ones")
  func names() throws {
    let first = try Self.open(Self.contents("version-0"))
    #expect(first.tensor("encoder.layers.3.self_attention.query_key_value.bias")?.shape == [48])
    #expect(first.tensor("encoder.layers.3.mlp.dense_h_to_4h.bias")?.shape == [48])
  }

  @Test("has no copy of a tied embedding, which must be the same in the last stage")
  func tied() throws {
    let contents = try Self.contents("tied"), checkpoint = try Self.open(contents)
    #expect(checkpoint.tensor("output_layer.weight") == nil)
    #expect(checkpoint.tensor("embedding.word_embeddings.weight")?.shape == [45, 16])
    let name = Self.part("00_001"), header = try PyTorch.contents(LocalFile(Fixtures.path("megatron", "tied", name)))
    let copy = try #require(header.tensors.first { $0.name == "word_embeddings_for_head.weight" }?.byteRange)
    let changed = try Self.contents("tied") { $0[name]?[copy.offset] ^= 1 }
    #expect(
      failure { try Self.open(changed) } == "g: tensor \"output_layer.weight\": has another value in"
        + " \"iter_0000010/mp_rank_00_001\" than in \"iter_0000010/mp_rank_00_000\" (are they of one model?)")
  }
}
