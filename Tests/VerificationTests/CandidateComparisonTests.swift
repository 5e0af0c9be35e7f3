import Architectures
import Bytes
import Evaluation
import Foundation
import Models
import Quantization
import TestSupport
import Testing
import Verification

/// Several candidates, judged by the figures of transformers and by what a pair of models gives on its own.
@Suite("A comparison of candidates")
struct CandidateComparisonTests {
  static let candidates = [CheckpointDiffTests.gqaQ8, CheckpointDiffTests.gqaBF16, Fixtures.path("meta")]

  static func compare(
    _ candidates: [String] = candidates, cache: String? = nil, tokens name: String = "llama-gqa", length: Int = 512,
    budget: String? = nil, settings: [String] = [], layers: (Int) -> Void = { _ in }
  ) throws -> CandidateComparison {
    let library = try ArchitectureLibrary.bundled()
    let ids = try #require(
      JSON(parsing: LocalFile(Fixtures.path("expected", name, "tokens.json")).wholeContent(limit: 1 << 20)).array)
    var options = CandidateComparer.Options()
    options.cacheFolder = cache
    options.settings = settings
    options.threads = 2
    options.budget = try budget.map { try Budget(parsing: $0, metrics: Budget.Metric.ofLogits) }
    let comparer = try CandidateComparer(
      Model.open(CheckpointDiffTests.gqa, library: library),
      candidates.map { (try Model.open($0, library: library), []) },
      tokens: TokenChunks(ids.compactMap(\.integer), length: length), options: options)
    layers(comparer.layerCount)
    return try comparer.run()
  }

  @Test("has the KL divergence and perplexity of transformers")
  func figures() throws {
    let predictions = try Self.compare().candidates[0].predictions
    typealias Expected = LogitComparisonTests.Expected
    for (value, expected) in [
      (predictions.divergence.mean, Expected.meanDivergence), (predictions.divergence.p99, Expected.klP99),
      (predictions.perplexityRatio?.value ?? 0, Expected.ratio),
      (predictions.referencePerplexity?.value ?? 0, Expected.perplexity),
      (predictions.candidatePerplexity?.value ?? 0, Expected.quantizedPerplexity),
      (predictions.topOneAgreement, Expected.topOneAgreement),
    ] { #expect(abs(value / expected - 1) < 1e-3, "\(value) against \(expected)") }
  }

  @Test("gives each candidate the figures of a verification of its own", arguments: [512, 9])
  func pairs(length: Int) throws {
    let comparison = try Self.compare(length: length)
    for (path, candidate) in zip(Self.candidates, comparison.candidates) {
      let pair = try LogitComparisonTests.compare(CheckpointDiffTests.gqa, path, length: length)
      #expect(candidate.predictions.divergence == pair.divergence)
      #expect(candidate.predictions.hasSameBits == pair.hasSameBits)
      #expect(candidate.predictions.perplexityRatio == pair.perplexityRatio)
      #expect(candidate.predictions.quality == pair.quality)
      #expect(candidate.budget.description == pair.budget.description)
    }
  }

  @Test("says which candidate is not larger and predicts better")
  func dominance() throws {
    let comparison = try Self.compare(Self.candidates + [CheckpointDiffTests.gqaQ8])
    // BF16 and Meta's folder have the same predictions; the larger file of the two is dominated, without a doubt.
    let sizes = comparison.candidates.map(\.subject.byteCount)
    let smaller = sizes[1] < sizes[2] ? 1 : 2
    #expect(comparison.dominating(smaller).isEmpty)
    #expect(comparison.dominating(3 - smaller) == [.init(candidateIndex: smaller, isCertain: true)])
    // Equal candidates do not dominate each other.
    #expect(comparison.dominating(0).isEmpty && comparison.dominating(3).isEmpty)
  }

  @Test("reads the reference's logits from the cache, exactly, for fewer passes")
  func cache() throws {
    let folder = TemporaryFolder()
    var layers: [Int] = []
    let first = try Self.compare(cache: folder.file("logits"), length: 9) { layers.append($0) }
    let second = try Self.compare(cache: folder.file("logits"), length: 9) { layers.append($0) }
    #expect(first.cache?.outcome == .written && second.cache?.outcome == .read)
    // Four models with three layers over three chunks, then three models.
    #expect(layers == [36, 27])
    #expect(Self.withoutCache(first) == Self.withoutCache(second))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("logits")).count == 1)
  }

  private static func withoutCache(_ comparison: CandidateComparison) -> JSON {
    var members = comparison.json.object ?? [:]
    members["cache"] = nil
    return .object(members)
  }

  @Test("caches the values of transformers' logits in float32")
  func cachedValues() throws {
    let folder = TemporaryFolder()
    let path = try #require(try Self.compare(cache: folder.path).cache?.path)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let golden = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("expected/llama-gqa/logits.npy")))
    let rowLength = 512
    func floats(_ data: Data, rowCount: Int) throws -> [Float] {
      let count = rowCount * rowLength
      let tail = [UInt8](data.suffix(count * 4))
      try #require(tail.count == count * 4)
      return (0..<count).map { index in
        Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(tail[index * 4 + $1]) << UInt32(8 * $1) })
      }
    }
    // The golden file has every fourth of the 24 positions.
    let cached = try floats(bytes, rowCount: 24), expected = try floats(golden, rowCount: 6)
    let differences = expected.indices.map { index in
      let (row, column) = index.quotientAndRemainder(dividingBy: rowLength)
      return abs(expected[index] - cached[(4 * row + 3) * rowLength + column])
    }
    #expect((differences.max() ?? 1) < 1e-3)
  }

  /// Changes to a cache file, and what is said about it.
  struct Damage: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let change: @Sendable (inout [UInt8]) -> Void
    let outcome: CandidateComparison.CacheUse.Outcome

    static let all = [
      Damage(
        testDescription: "one bit of a logit", change: { $0[$0.count - 7] ^= 1 },
        outcome: .replaced("the logits of chunk 2 are damaged")),
      Damage(
        testDescription: "the key", change: { $0[20] ^= 1 },
        outcome: .replaced("its header is damaged or of another model")),
      Damage(
        testDescription: "the digest of a chunk", change: { $0[110] ^= 1 },
        outcome: .replaced("its header is damaged or of another model")),
      Damage(
        testDescription: "the end is missing", change: { $0.removeLast(100) },
        outcome: .replaced("has 49,428 bytes, expected 49,528")),
      Damage(
        testDescription: "only the magic is left", change: { $0.removeSubrange(16...) },
        outcome: .replaced("has 16 bytes, expected 49,528")),
      Damage(testDescription: "another file", change: { $0 = Array("my notes".utf8) }, outcome: .blocked),
      Damage(testDescription: "an empty file", change: { $0 = [] }, outcome: .blocked),
    ]
  }

  @Test("notices a damaged or foreign cache file and does not use it", arguments: Damage.all)
  func damage(_ damage: Damage) throws {
    let folder = TemporaryFolder()
    let good = try Self.compare(cache: folder.path, length: 9)
    let path = try #require(good.cache?.path)
    let original = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    var bytes = original
    damage.change(&bytes)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let comparison = try Self.compare(cache: folder.path, length: 9)
    #expect(comparison.cache?.outcome == damage.outcome)
    #expect(Self.withoutCache(comparison) == Self.withoutCache(good))
    // A file of something else stays, any other is written again.
    let after = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    #expect(after == (damage.outcome == .blocked ? bytes : original))
  }

  @Test("keeps a cache file for each chunk length and each statement about the model")
  func keys() throws {
    let folder = TemporaryFolder()
    for (length, settings) in [(512, []), (9, []), (9, ["architecture llama"])] {
      #expect(try Self.compare(cache: folder.path, length: length, settings: settings).cache?.outcome == .written)
    }
    #expect(folder.names.count == 3)
  }

  @Test("fails a candidate beyond a given budget, and warns of one beyond the default limits")
  func limits() throws {
    let strict = try Self.compare(budget: "kl=1e-6")
    #expect(strict.candidates.map(\.passes) == [false, true, true])
    #expect(!strict.passes)
    #expect(strict.candidates[0].findings.map(\.check) == ["verify.budget"])
    #expect(try Self.compare().passes)
  }

  @Test("refuses a candidate with another vocabulary, by its name")
  func otherVocabulary() {
    let folder = TemporaryFolder()
    let error = #expect(throws: LocatedError.self) {
      try Self.compare([CheckpointDiffTests.gqaQ8, Fixtures.checkpoint("mistral", in: folder)])
    }
    #expect(
      error?.description.hasSuffix("vocabulary size: is 503, 512 in the reference, so predictions cannot be compared")
        == true)
  }

  @Test("has a page without scripts and links, with every candidate")
  func page() throws {
    let page = ComparisonPage(try Self.compare(), arguments: ["compare", "a", "b"], version: "0").text
    #expect(HTMLReportTests.isBalanced(page))
    #expect(page.contains("llama-gqa-q8_0.gguf") && page.contains("llama-gqa-bf16.gguf"))
    #expect(!page.contains("<script") && !page.contains("http") && !page.contains("url("))
  }
}
