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

  @Test("gives the same bytes in parts, in any number and order", arguments: [cases[0], cases[2], cases[3]])
  func parts(item: Case) throws {
    let stage = TemporaryFolder()
    let whole = try measurement(item, in: stage), single = folder.file("single")
    try whole.matrix(threads: 2).write(to: single, container: .gguf, overwrite: .refuse)
    for count in [1, 2, 3, 5] {
      let (parts, made) = try planned(item, stage, count)
      #expect(parts.items.map(\.count).reduce(0, +) == 3)
      for index in parts.items.indices.shuffled() {
        // A worker derives the plan for itself.
        let worker = try MeasuringParts(made.plan) { try measurement(item, in: stage) }
        #expect(try worker.work(index, in: made, threads: 1))
        #expect(try !worker.work(index, in: made, threads: 1))
      }
      let path = folder.file("joined")
      let joined = try parts.measurement.matrix(joining: parts.results(in: made))
      try joined.write(to: path, container: .gguf, overwrite: .replace)
      #expect(
        try LocalFile(path).wholeContent(limit: 1 << 20) == LocalFile(single).wholeContent(limit: 1 << 20), "\(count)")
    }
  }

  @Test("joins nothing that is missing, damaged, or of other tokens")
  func brokenParts() throws {
    let stage = TemporaryFolder(), (parts, made) = try planned(Self.cases[0], stage, 3)
    func states() -> [String] {
      do {
        _ = try parts.results(in: made)
        return []
      } catch let error as UnfinishedParts {
        return error.parts.map { "\($0.state): \($0.indices.rangeList)" }
      } catch {
        return ["\(error)"]
      }
    }
    for index in 0..<2 { _ = try parts.work(index, in: made, threads: 2) }
    #expect(states() == ["missing: 2"])
    _ = try parts.work(2, in: made, threads: 2)
    var bytes = try LocalFile(made.files.partPath(1)).wholeContent(limit: 1 << 24)
    bytes[bytes.count / 2] ^= 1
    try AtomicFile.write(bytes, to: made.files.partPath(1), overwrite: .replace)
    #expect(states() == ["damaged: 1"])
    #expect(try parts.work(1, in: made, threads: 2) && states().isEmpty)
    // The manifest of another part.
    let manifest = try LocalFile(made.files.manifestPath(0)).wholeContent(limit: 1 << 24)
    try AtomicFile.write(manifest, to: made.files.manifestPath(1), overwrite: .replace)
    #expect(states() == ["foreign: 1"])
    #expect(throws: PartError.self) {
      try MeasuringParts(made.plan) { try measurement(Self.cases[0], in: stage, windowCount: 2) }
    }
    #expect(throws: PartError.self) { try parts.work(3, in: made, threads: 2) }
    // Every prefix of a result is none.
    for length in [1, 3, 40, bytes.count - 1] {
      #expect(throws: UnreadableResult(part: 0)) {
        try parts.measurement.matrix(joining: [Array(bytes.prefix(length))])
      }
    }
  }

  @Test("refuses changed results, or joins them without a trap")
  func changedResults() throws {
    let stage = TemporaryFolder(), (parts, _) = try planned(Self.cases[0], stage, 1)
    let result = try parts.measurement.measure(0..<3, threads: 2) { _ in }
    var random = SeededGenerator(seed: 11), refusedCount = 0
    for _ in 0..<300 {
      var bytes = result
      let start = Int.random(in: 0..<bytes.count, using: &random)
      let value: UInt8 = [0, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
      for index in start..<min(bytes.count, start + Int.random(in: 1...9, using: &random)) { bytes[index] = value }
      do {
        let joined = try parts.measurement.matrix(joining: [bytes, bytes])
        #expect(!joined.entries.isEmpty)
      } catch is any IngotError {
        refusedCount += 1
      }
    }
    #expect(refusedCount > 10)
  }

  private func planned(
    _ item: Case, _ stage: TemporaryFolder, _ count: Int
  ) throws -> (MeasuringParts<ImportanceMeasurement>, MeasuredParts) {
    let parts = try MeasuringParts(count, arguments: ["imatrix"]) { try measurement(item, in: stage) }
    let plan = try MeasuringPlan.write(parts, to: folder.file("plan-\(count).json"), overwrite: .refuse)
    return (parts, MeasuredParts(of: plan))
  }

  private func measure(_ item: Case, threads: Int = 2) throws -> ImportanceMatrixBuilder {
    try measurement(item, in: TemporaryFolder()).matrix(threads: threads)
  }

  /// The measurement of a fixture, staged in `parent` if it is not there.
  private func measurement(
    _ item: Case, in parent: TemporaryFolder, windowCount: Int = 3
  ) throws -> ImportanceMeasurement {
    let fixture = try ArchitectureFixture.named(item.name)
    let path = try parent.names.first.map(parent.file) ?? fixture.stage(in: parent)
    let model = try Model.open(path, library: .bundled())
    let text = try LocalFile(Fixtures.path("generate", "corpus.txt")).wholeContent(limit: 1 << 20)
    let tokenizer = try model.tokenizer()
    let ids = tokenizer.encode(String(decoding: text.dropLast(text.last == 10 ? 1 : 0), as: UTF8.self))
    let windows = TokenChunks(asLlamaPerplexity: ids, length: 64, start: tokenizer.startToken(of: ids)).chunks
    return try ImportanceMeasurement(
      ModelWeights(model), on: Array(windows.prefix(windowCount)), chunkSize: 64, dataset: "corpus.txt",
      includesOutput: item.includesOutput)
  }
}
