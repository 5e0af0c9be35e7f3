import Architectures
import Bytes
import Evaluation
import Inference
import Models
import Quantization
import Testing
import TestSupport
import Verification

/// Two models side by side: committed checkpoints and what the reference converter made of them.
@Suite("A logit comparison")
struct LogitComparisonTests {
  static func compare(
    _ reference: String, _ candidate: String, tokens name: String = "llama-gqa", length: Int = 512, threads: Int = 2,
    budget: String? = nil
  ) throws -> LogitComparison {
    let library = try ArchitectureLibrary.bundled()
    let ids = try #require(
      JSON(parsing: LocalFile(Fixtures.path("expected", name, "tokens.json")).wholeContent(limit: 1 << 20)).array)
    var options = LogitComparison.Options()
    options.threads = threads
    options.budget = try budget.map { try Budget(parsing: $0, metrics: Budget.Metric.ofLogits) }
    return try LogitComparison.compare(
      Model.open(reference, library: library), Model.open(candidate, library: library),
      tokens: TokenChunks(ids.compactMap(\.integer), length: length), options: options)
  }

  @Test(
    "a conversion that loses nothing gives the same bits",
    arguments: [
      ("llama-gqa", "expected/llama-gqa/llama-gqa-bf16.gguf", "llama-gqa"), ("llama-gqa", "meta", "llama-gqa"),
      ("llama-sharded", "llama-gqa", "llama-gqa"),
      ("expected/yi/yi-q8_0.gguf", "gguf/split-00001-of-00003.gguf", "yi"),
    ])
  func sameBits(reference: String, candidate: String, tokens: String) throws {
    let result = try Self.compare(Fixtures.path(reference), Fixtures.path(candidate), tokens: tokens)
    #expect(result.hasSameBits)
    #expect(result.findings == [])
    #expect(result.passes)
    #expect(result.divergence.maximum == 0 && result.topOneAgreement == 1)
    #expect(result.referencePerplexity == result.candidatePerplexity)
    #expect(result.firstDiverged == nil)
    #expect(
      result.budget.description == "same bits (the candidate's storage formats represent every value of the reference)")
  }

  @Test("has the KL divergence and perplexity of transformers")
  func metrics() throws {
    // transformers in float32 on the folder and on the gguf package's dequantization, log-softmax in float64.
    let result = try Self.compare(CheckpointDiffTests.gqa, CheckpointDiffTests.gqaQ8)
    Self.expect(result.divergence.mean, Expected.meanDivergence)
    Self.expect(result.divergence.p50, Expected.medianDivergence)
    Self.expect(result.divergence.maximum, Expected.maximumDivergence)
    Self.expect(result.divergence.p99, Expected.klP99)
    let ratio = try #require(result.perplexityRatio)
    Self.expect(ratio.value, Expected.ratio)
    Self.expect(ratio.standardError, Expected.ratioError)
    Self.expect(result.probabilityDelta.mean, Expected.probabilityDelta)
    Self.expect(result.probabilityDelta.rootMeanSquare, Expected.rootMeanSquareDelta)
    Self.expect(result.logits.normalizedMeanSquareError, Expected.error)
    Self.expect(result.logits.maximumAbsoluteError, Expected.maximumError)
    #expect(result.topOneAgreement == Expected.topOneAgreement)
    let perplexity = try #require(result.referencePerplexity)
    Self.expect(perplexity.value, Expected.perplexity)
    Self.expect(perplexity.standardError, Expected.perplexityError)
    Self.expect(try #require(result.candidatePerplexity).value, Expected.quantizedPerplexity)
    #expect(perplexity.scoredCount == 23)
    #expect(!result.hasSameBits)
  }

  enum Expected {
    static let meanDivergence = 0.001827301329331307
    static let medianDivergence = 0.0012302271045639558
    static let klP99 = 0.006264126189612121
    static let ratio = 0.982026018580582
    static let ratioError = 0.013540026997665662
    static let probabilityDelta = -0.00011710388951789709
    static let rootMeanSquareDelta = 0.0008845019139500386
    static let maximumDivergence = 0.006725416507760433
    static let error = 0.0013510436277290108
    static let maximumError = 0.3806580901145935
    static let topOneAgreement = 23.0 / 24
    static let perplexity = 1467.6074868658557
    static let perplexityError = 559.5659448326028
    static let quantizedPerplexity = 1441.2287371659324
  }

  /// Float32 logits of two programs agree to about six digits.
  private static func expect(_ value: Double, _ expected: Double, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(abs(value / expected - 1) < 1e-3, "\(value) against \(expected)", sourceLocation: sourceLocation)
  }

  @Test(
    "a correct Q8_0 stays within the default budget",
    arguments: [("llama-gqa", "llama-gqa"), ("yi", "yi"), ("aquila", "aquila"), ("llama3-tied", "llama3-tied")])
  func correct(folder: String, name: String) throws {
    let result = try Self.compare(
      Fixtures.path(folder), Fixtures.path("expected", name, "\(name)-q8_0.gguf"), tokens: name)
    #expect(result.findings == [])
    #expect(result.budget.description == "kl=0.02,top1=0.9 (the default for Q8_0)")
  }

  @Test("is equal on any number of threads")
  func threads() throws {
    let reports = try [1, 2, 3].map {
      try Self.compare(CheckpointDiffTests.gqa, CheckpointDiffTests.gqaQ8, length: 9, threads: $0).json
    }
    #expect(reports[0] == reports[1] && reports[0] == reports[2])
  }

  @Test("words an exceeded budget with both values")
  func exceededBudget() throws {
    let result = try Self.compare(CheckpointDiffTests.gqa, CheckpointDiffTests.gqaQ8, budget: "kl=0,top1=0.5")
    #expect(result.findings.map(\.check) == ["verify.budget"])
    #expect(result.findings.first?.message.hasPrefix("kl is ") == true)
    #expect(result.findings.first?.message.hasSuffix(", expected at most 0 (given)") == true)
    #expect(!result.passes)
  }

  @Test("does not run models of different sizes")
  func differentSizes() {
    let folder = TemporaryFolder()
    let error = #expect(throws: LogitComparisonError.self) {
      try Self.compare(CheckpointDiffTests.gqa, Fixtures.checkpoint("mistral", in: folder))
    }
    #expect(
      error?.description
        == "vocabulary size: is 512 in the reference, 503 in the candidate, so their hidden states cannot be compared")
  }
}
