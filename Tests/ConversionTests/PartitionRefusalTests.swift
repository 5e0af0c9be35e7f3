import Bytes
import Conversion
import Formats
import Models
import Quantization
import TestSupport
import Testing

@Suite("Splitting a model among ranks")
struct PartitionRefusalTests {
  private let folder = TemporaryFolder()
  private static let source = Fixtures.path("llama-gqa")

  private func message(
    _ partition: ConversionRequest.Partition, of source: String = source,
    _ edit: (inout ConversionRequest) -> Void = { _ in }
  ) -> String {
    let text = failure {
      try convert(source, to: folder.file("out")) {
        $0.partition = partition
        edit(&$0)
      }
    }
    return text.replacing("\(source): ", with: "").replacing(folder.path + "/", with: "")
  }

  private func shards(_ count: Int) -> ConversionRequest.Partition { .modelParallel(shardCount: count, embedding: nil) }
  private func grid(_ tensor: Int, _ stages: Int, divisor: Int = 128) -> ConversionRequest.Partition {
    .megatron(MegatronSplit(tensorSize: tensor, stageCount: stages, vocabularyDivisor: divisor))
  }

  @Test("needs counts that divide heads, widths and layers")
  func counts() {
    #expect(message(shards(0)) == "--shards 0: expected a number from 1 to 100")
    #expect(message(shards(-1)) == "--shards -1: expected a number from 1 to 100")
    #expect(message(shards(101)) == "--shards 101: expected a number from 1 to 100")
    #expect(message(shards(4)) == "--shards 4: does not divide key_value_head_count 2 (expected 1, 2)")
    #expect(
      message(shards(3))
        == "--shards 3: does not divide head_count 8, key_value_head_count 2, feed_forward_length 160, vocabulary_size 512,"
        + " embedding_length 64 (expected 1, 2)")
    #expect(message(grid(4, 1)) == "--tensor-parallel 4: does not divide key_value_head_count 2 (expected 1, 2)")
    #expect(
      message(grid(0, 2))
        == "--tensor-parallel 0: expected a number from 1 to 65,536\n--pipeline-parallel 2: does not divide layer_count 3"
        + " (expected 1, 3)")
    #expect(message(grid(1, .max)) == "--pipeline-parallel \(Int.max): expected a number from 1 to 65,536")
    #expect(
      message(grid(1, 1, divisor: 0))
        == "--make-vocab-size-divisible-by 0: expected a number from 1 to 16,777,216")
    #expect(folder.names.isEmpty)
  }

  @Test("needs an architecture whose definition has the scheme")
  func architecture() throws {
    let phi3 = try ArchitectureFixture.named("phi3").stage(in: folder)
    #expect(
      message(shards(2), of: phi3) == "naming scheme \"meta\" is unknown for this architecture (known: hf, gguf)")
    #expect(
      message(grid(1, 1), of: phi3) == "naming scheme \"megatron\" is unknown for this architecture (known: hf, gguf)")
  }

  @Test("needs a rule for every tensor")
  func biases() {
    let source = Fixtures.path("llama-bias")
    #expect(
      message(shards(2), of: source)
        == "tensor \"layers.0.attention.wq.bias\": no rule says how it is split among ranks")
  }

  @Test("writes formats that PyTorch has, into a folder")
  func formats() throws {
    let recipe = try #require(Recipe.find("Q4_K_M")).recipe
    #expect(message(shards(1)) { $0.type = .format(.q8_0) } == "Q8_0 cannot be stored in a PyTorch file")
    #expect(
      message(shards(1)) { $0.type = .recipe(recipe) }
        == "Q4_K_M is a recipe for GGUF files (choose an output that ends with .gguf)")
    #expect(
      failure {
        try convert(Self.source, to: folder.file("out.gguf")) { $0.partition = shards(1) }
      }.hasSuffix("out.gguf: ends with .gguf, but ranks are written into a folder (choose another name)"))
    #expect(folder.names.isEmpty)
  }

  @Test("replaces nothing, and leaves no other weights beside its own")
  func existing() throws {
    try convert(Self.source, to: folder.file("out")) { $0.partition = shards(2) }
    #expect(message(shards(2)) == "out/consolidated.00.pth: already exists (pass --overwrite to replace it)")
    #expect(
      message(shards(1)) { $0.overwrite = .replace }
        == "out: contains \"consolidated.01.pth\", which is not part of this output (remove it or choose another folder)"
    )
    #expect(
      message(grid(1, 1)) { $0.overwrite = .replace }.hasPrefix("out: contains \"consolidated.00.pth\", which is not"))
    try convert(Self.source, to: folder.file("out")) {
      $0.partition = shards(2)
      $0.overwrite = .replace
    }
  }

  @Test("does not mix two grids, or a model with the state of another's training")
  func mixedGrids() throws {
    try convert(Self.source, to: folder.file("out")) { $0.partition = grid(2, 1) }
    let save = "out/iter_0000001"
    #expect(
      message(grid(1, 1)) { $0.overwrite = .replace }
        == "\(save): contains \"mp_rank_01\", which is not part of this output (remove it or choose another folder)")
    try folder.write([1], to: "\(save)/mp_rank_00/distrib_optim.pt")
    #expect(
      message(grid(2, 1)) { $0.overwrite = .replace }
        == "\(save)/mp_rank_00: contains \"distrib_optim.pt\", which is not part of this output (remove it or choose another folder)"
    )
  }

  @Test("that fails leaves no folder")
  func failed() throws {
    struct Refusal: Error {}
    for partition in [shards(2), grid(2, 3)] {
      var request = ConversionRequest(destination: folder.file("out"))
      request.partition = partition
      let plan = try Planner.plan(try Model.open(Self.source, library: .bundled()), request)
      #expect(throws: Refusal.self) { try Executor.run(plan, acceptance: { _ in throw Refusal() }) }
      #expect(folder.names.isEmpty)
    }
  }
}
