import Architectures
import Bytes
import Formats
import Tensors
import TestSupport
import Testing
import Verification

/// Committed checkpoints against what the reference converter made of them.
@Suite("A diff")
struct CheckpointDiffTests {
  static let gqa = Fixtures.path("llama-gqa")
  static let gqaBF16 = Fixtures.path("expected", "llama-gqa", "llama-gqa-bf16.gguf")
  static let gqaQ8 = Fixtures.path("expected", "llama-gqa", "llama-gqa-q8_0.gguf")

  static func compare(
    _ reference: String, _ candidate: String, _ budget: CheckpointDiff.DiffBudget = .none, threads: Int = 2,
    filter: (@Sendable (String) -> Bool)? = nil
  ) throws -> CheckpointDiff {
    var options = CheckpointDiff.Options()
    options.budget = budget
    options.threads = threads
    if let filter { options.selection = .matching(filter) }
    return try CheckpointDiff.compare(reference, candidate, library: .bundled(), options: options)
  }

  @Test("of a conversion without loss has equal values everywhere")
  func lossless() throws {
    let diff = try Self.compare(Self.gqa, Self.gqaBF16)
    #expect(diff.findings.filter { $0.severity != .note } == [])
    #expect(diff.passes)
    #expect(diff.coverage.description == "compared 30 of 30 tensors, 188,864 of 188,864 elements")
    // Norms are BF16 in the folder and F32 in the GGUF; everything else keeps its bytes, in other rows.
    #expect(diff.summary == "23 equal bytes, 7 equal values")
  }

  @Test(
    "the same weights in other names, layouts and shards are equal by their bytes",
    arguments: [
      ("llama-gqa", "llama-sharded"), ("llama-gqa", "meta"), ("meta", "llama-sharded"),
      ("expected/yi/yi-q8_0.gguf", "gguf/split-00002-of-00003.gguf"),
    ])
  func sameWeights(reference: String, candidate: String) throws {
    let diff = try Self.compare(Fixtures.path(reference), Fixtures.path(candidate))
    #expect(diff.summary == "30 equal bytes")
    #expect(diff.passes)
    #expect(diff.tensors.count == 30)
    #expect(diff.coverage.isComplete)
  }

  @Test("tensors that the architecture does not use are compared if both sides have them")
  func otherTensors() throws {
    let fixture = try ArchitectureFixture.named("gpt2-bare")
    let parents = [TemporaryFolder(), TemporaryFolder()]
    let folders = try parents.map { try fixture.stage(in: $0) }
    let names = try Checkpoint.open(folders[0]).tensors.map(\.name.text).filter { $0.hasSuffix(".attn.bias") }
    let first = try #require(names.first)
    let same = try Self.compare(folders[0], folders[1])
    #expect(same.passes && same.tensors.count { $0.identity.description.hasSuffix(".attn.bias") } == names.count)
    let edited = try EditedCheckpoint(folders[1])
    try edited.edit(first) { $0[0] ^= 1 }
    let other = try Self.compare(folders[0], edited.path)
    #expect(!other.passes)
    #expect(other.findings.contains { $0.check == "diff.values" && $0.subject.description == first })
  }

  @Test("does not count an absent context length as a fault")
  func contextLength() throws {
    let meta = Fixtures.path("meta")
    let diff = try Self.compare(Self.gqa, meta)
    #expect(
      diff.findings.map(\.description) == [
        "\(meta): params.json states no context length: 2,048 is assumed",
        "context_length: is 256 in the reference, 2048 in the candidate; \(meta) does not state it",
        "tokenizer: is not compared: \(meta) has none",
      ])
    #expect(diff.passes)
  }

  @Test(
    "a conversion to Q8_0 differs, within what the format is expected to cost",
    arguments: [
      ("llama-gqa", "expected/llama-gqa/llama-gqa-q8_0.gguf"), ("yi", "expected/yi/yi-q8_0.gguf"),
      ("aquila", "expected/aquila/aquila-q8_0.gguf"), ("llama3-tied", "expected/llama3-tied/llama3-tied-q8_0.gguf"),
    ])
  func quantized(reference: String, candidate: String) throws {
    let strict = try Self.compare(Fixtures.path(reference), Fixtures.path(candidate))
    #expect(!strict.passes)
    #expect(strict.coverage.isComplete)
    #expect(Set(strict.findings.filter { $0.severity == .error }.map(\.check)) == ["diff.values"])
    let diff = try Self.compare(Fixtures.path(reference), Fixtures.path(candidate), .byFormat)
    #expect(diff.findings.filter { $0.severity == .error } == [])
    // The same budget does not allow for anything in tensors that the format holds exactly.
    let norms = diff.tensors.filter { $0.identity.description.hasSuffix("norm") }
    #expect(norms.count == 7 && norms.allSatisfy { $0.verdict == "equal values" })
  }

  @Test("has the metrics of an independent dequantization")
  func metrics() throws {
    // NumPy in double precision on the gguf package's dequantization; the query's rows put back in order first.
    let expected: [String: [Double]] = [
      "layer 1 feed forward down": [
        0.0013027191162109375, 0.0004284145926648899, 2.780921242444482e-05, 0.9999861015736237,
      ],
      "layer 1 attention query": [
        0.003154754638671875, 0.001074728338736299, 2.8930062356166748e-05, 0.9999855396306778,
      ],
    ]
    let differing = ["layer 1 feed forward down": 10235, "layer 1 attention query": 4093]
    let diff = try Self.compare(Self.gqa, Self.gqaQ8)
    for (slot, values) in expected {
      let metrics = try #require(diff.tensors.first { $0.identity.description == slot }?.metrics)
      #expect(metrics.maximumAbsoluteError == values[0])
      #expect(abs(metrics.rootMeanSquareError / values[1] - 1) < 1e-12)
      #expect(abs(metrics.normalizedMeanSquareError / values[2] - 1) < 1e-12)
      #expect(abs(metrics.cosine - values[3]) < 1e-10)
      #expect(metrics.differingCount == differing[slot])
    }
  }

  @Test("is equal on any number of threads")
  func threads() throws {
    let reports = try [1, 2, 3].map { try Self.compare(Self.gqa, Self.gqaQ8, threads: $0).json }
    #expect(reports[0] == reports[1] && reports[0] == reports[2])
  }

  @Test("compares a tied output with the token embedding")
  func tiedOutput() throws {
    let tied = Fixtures.path("llama3-tied")
    let edited = try EditedCheckpoint(tied)
    try edited.duplicate("model.embed_tokens.weight", as: "lm_head.weight")
    try edited.replace("\"tie_word_embeddings\": true", by: "\"tie_word_embeddings\":false", in: "config.json")
    for (reference, candidate) in [(tied, edited.path), (edited.path, tied)] {
      let diff = try Self.compare(reference, candidate)
      #expect(diff.passes)
      #expect(diff.tensors.last { $0.isTied }?.identity.description == "output")
      #expect(diff.coverage.isComplete)
      #expect(
        diff.findings.map(\.description).contains(
          "output: is tied in \(tied): \"model.embed_tokens.weight\" is compared instead"))
    }
    // A copy that is not the same is found.
    try edited.edit("lm_head.weight") { $0[0] ^= 1 }
    let faulty = try Self.compare(tied, edited.path)
    #expect(faulty.findings.filter { $0.severity == .error }.map(\.subject.description) == ["output"])
  }

  @Test("does not count tensors that follow from hyperparameters")
  func derivedTensors() throws {
    let diff = try Self.compare(
      Fixtures.path("llama3-tied"), Fixtures.path("expected", "llama3-tied", "llama3-tied-q8_0.gguf"), .byFormat)
    #expect(
      diff.findings.map(\.description).contains {
        $0.hasSuffix("rope_freqs.weight: follows from the hyperparameters, which are compared instead")
      })
    #expect(diff.coverage.isComplete)
  }

  @Test("compares and counts the tensors of a filter")
  func filter() throws {
    let diff = try Self.compare(Self.gqa, Self.gqaBF16, filter: { $0.hasPrefix("blk.1.attn") })
    #expect(
      diff.tensors.map(\.identity.description) == [
        "layer 1 attention norm", "layer 1 attention key", "layer 1 attention output", "layer 1 attention query",
        "layer 1 attention value",
      ])
    #expect(diff.coverage.description == "compared 5 of 5 tensors, 10,304 of 10,304 elements")
    let none = try Self.compare(Self.gqa, Self.gqaBF16, filter: { _ in false })
    #expect(none.findings.map(\.description).contains("coverage: no tensor matches the filter, so none was compared"))
    #expect(!none.passes)
  }

  @Test("compares checkpoints of unknown architectures by name")
  func unknownArchitecture() throws {
    let path = Fixtures.path("safetensors", "dtypes.safetensors")
    let diff = try Self.compare(path, path)
    #expect(diff.passes)
    #expect(diff.tensors.allSatisfy { $0.verdict == "equal bytes" })
    #expect(diff.findings.first?.check == "diff.by-name")
  }
}
