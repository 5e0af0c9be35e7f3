import Architectures
import Bytes
import Formats
import Models
import TestSupport
import Tensors
import Testing

@testable import Verification

@Suite("Matching tensors")
struct TensorMatcherTests {
  private func side(_ path: String) throws -> DiffSide { try DiffSide.open(path, library: .bundled()) }

  @Test(
    "pairs the slots of two models with any names and containers",
    arguments: ["meta", "llama-sharded", "expected/llama-gqa/llama-gqa-q8_0.gguf"])
  func slots(other: String) throws {
    let reference = try side(Fixtures.path("llama-gqa")), candidate = try side(Fixtures.path(other))
    let pairs = TensorMatcher(reference: reference, candidate: candidate).pairs
    let slots = try #require(reference.model).slots
    #expect(pairs.count == slots.count)
    #expect(pairs.allSatisfy { $0.reference != nil && $0.candidate != nil && !$0.isTied })
  }

  @Test("leaves a tensor of one side alone")
  func missing() throws {
    let edited = try EditedCheckpoint(Fixtures.path("llama-gqa"))
    try edited.remove("model.layers.1.self_attn.q_proj.weight")
    let reference = try side(Fixtures.path("llama-gqa"))
    let alone = TensorMatcher(reference: reference, candidate: try side(edited.path)).pairs.filter {
      $0.candidate == nil
    }
    #expect(alone.map { $0.reference?.descriptor.name } == ["model.layers.1.self_attn.q_proj.weight"])
    let reverse = TensorMatcher(reference: try side(edited.path), candidate: reference).pairs.filter {
      $0.reference == nil
    }
    #expect(reverse.map { $0.candidate?.descriptor.name } == ["model.layers.1.self_attn.q_proj.weight"])
  }

  @Test("pairs by name where a side is not a model, and says so")
  func byName() throws {
    let path = Fixtures.path("llama-gqa", "model.safetensors")
    let unknown = DiffSide(try Checkpoint.open(path), reason: "no config.json")
    let matcher = TensorMatcher(reference: unknown, candidate: try side(Fixtures.path("llama-gqa")))
    #expect(matcher.findings.map(\.check) == ["diff.by-name"])
    #expect(matcher.pairs.count == unknown.checkpoint.tensors.count)
    #expect(matcher.pairs.allSatisfy { $0.reference?.descriptor.name == $0.candidate?.descriptor.name })
  }
}
