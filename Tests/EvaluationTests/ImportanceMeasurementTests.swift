import Bytes
import Evaluation
import Formats
import Inference
import Models
import Tensors
import TestSupport
import Testing
import Tokenization

/// Importance matrices against those that llama-imatrix measured on the same text.
@Suite("Measuring importance") struct ImportanceMeasurementTests {
  private let folder = TemporaryFolder()

  /// One run of llama-imatrix on three windows of 64 tokens.
  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    var includesOutput = false
    /// The ending of the golden file.
    var ending = ".gguf.imatrix"
    /// `|a - b|` may be this share of `b`: llama.cpp adds in another order, and in float32.
    var bound: Float = 1e-4
    var testDescription: String { name + ending }
    var container: ImportanceMatrix.Container { ending == ".dat" ? .legacy : .gguf }
  }

  static let cases = [
    // Experts and the output; experts beside a shared one; queries, keys and values in one tensor.
    Case(name: "mixtral", includesOutput: true), Case(name: "mixtral", includesOutput: true, ending: ".dat"),
    Case(name: "qwen2-moe"),
    // Columns in tiles of heads; packs with a share of every tensor for each key head.
    Case(name: "qwen3-5"), Case(name: "qwen3-next"),
    // llama.cpp looks GELU up in a table of float16.
    Case(name: "bloom", bound: 1e-3), Case(name: "bloom", ending: ".dat", bound: 1e-3),
  ]

  @Test("gives the values of llama-imatrix", arguments: cases)
  func agrees(item: Case) throws {
    let path = folder.file("out")
    try measure(item).write(to: path, container: item.container, overwrite: .refuse)
    let goldenPath = Fixtures.path("imatrix", "measured", item.name + item.ending)
    let own = try ImportanceMatrix.open(path), golden = try ImportanceMatrix.open(goldenPath)
    #expect(own.entries.map(\.name) == golden.entries.map(\.name))
    #expect(own.chunkCount == golden.chunkCount && own.chunkSize == golden.chunkSize)
    #expect(own.datasets == golden.datasets)
    for (entry, other) in zip(own.entries, golden.entries) {
      #expect(entry.counts == other.counts, "\(entry.name)")
      try #require(entry.valueCount == other.valueCount)
      let values = try own.importance(of: entry, 0..<entry.valueCount)
      let others = try golden.importance(of: other, 0..<other.valueCount)
      let farthest = zip(values, others).map { abs($0 - $1) / max($1, .leastNormalMagnitude) }.max() ?? .infinity
      #expect(farthest <= item.bound, "\(entry.name)")
    }
    // Everything but the numbers is the same to the byte.
    let bytes = try [path, goldenPath].map { try LocalFile($0).wholeContent(limit: 1 << 20) }
    #expect(bytes[0].count == bytes[1].count)
    if item.container == .gguf {
      let header = try Checkpoint.open(path).tensors.map(\.fileOffset).min() ?? 0
      #expect(header > 0 && bytes[0].prefix(header) == bytes[1].prefix(header))
    }
  }

  @Test("counts a token once for each expert that it is routed to")
  func routed() throws {
    let sums = try measure(Self.cases[0])
    let stack = try #require(sums.entries.first { $0.name == "blk.0.ffn_up_exps.weight" })
    #expect(stack.counts.count == 3)
    // Three windows of 64 tokens, two experts for each.
    #expect(stack.counts.reduce(0, +) == 3 * 64 * 2)
    #expect(sums.entries.first { $0.name == "blk.0.attn_q.weight" }?.counts == [3 * 64])
  }

  @Test("gives the same bytes with any number of threads")
  func threads() throws {
    let files = try [1, 3].map { count in
      let path = folder.file("\(count)")
      try measure(Self.cases[0], threads: count).write(to: path, container: .gguf, overwrite: .refuse)
      return try LocalFile(path).wholeContent(limit: 1 << 20)
    }
    #expect(files[0] == files[1])
  }

  private func measure(_ item: Case, threads: Int = 2) throws -> ImportanceMatrixBuilder {
    let fixture = try ArchitectureFixture.named(item.name)
    let parent = TemporaryFolder()
    let model = try Model.open(fixture.stage(in: parent), library: .bundled())
    let text = try LocalFile(Fixtures.path("generate", "corpus.txt")).wholeContent(limit: 1 << 20)
    let tokenizer = try model.tokenizer()
    let ids = tokenizer.encode(String(decoding: text.dropLast(text.last == 10 ? 1 : 0), as: UTF8.self))
    let windows = TokenChunks(asLlamaPerplexity: ids, length: 64, start: tokenizer.startToken(of: ids)).chunks
    return try ImportanceMatrixBuilder.measure(
      ModelWeights(model), on: windows.prefix(3), chunkSize: 64, dataset: "corpus.txt",
      includesOutput: item.includesOutput, threads: threads)
  }
}
