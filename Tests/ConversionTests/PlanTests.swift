import Conversion
import Models
import Quantization
import TestSupport
import Tensors
import Testing

@Suite("A plan")
struct PlanTests {
  let folder = TemporaryFolder()

  private func open(_ path: String) throws -> Model {
    path.hasSuffix(".gguf")
      ? try Model.openByName(Fixtures.path(path), library: try .bundled())
      : try Model.open(Fixtures.path(path), library: try .bundled())
  }

  private func plan(
    _ path: String, evidence: PlanningEvidence? = nil, _ edit: (inout ConversionRequest) -> Void = { _ in }
  ) throws -> ConversionPlan {
    var request = ConversionRequest(destination: folder.file("out.gguf"))
    edit(&request)
    return try Planner.plan(try open(path), request, evidence: evidence)
  }

  @Test("by a recipe has the same formats from a folder and from the GGUF made of it")
  func recipeFromFolderAndGGUF() throws {
    let recipe = try #require(Recipe.named("Q4_K_M"))
    let mapped = try plan("llama-gqa") { $0.type = .recipe(recipe) }
    let named = try plan("expected/llama-gqa/llama-gqa-bf16.gguf") { $0.type = .recipe(recipe) }
    #expect(named.tensors.map(\.name) == mapped.tensors.map(\.name))
    #expect(named.tensors.map(\.format) == mapped.tensors.map(\.format))
    #expect(named.byteCount > 0)
  }

  @Test("for a size decides every matrix, and says by which error")
  func size() throws {
    let plan = try plan("llama-gqa") { $0.type = .size(.bitsPerWeight(6)) }
    let report = try #require(plan.sizeTarget)
    let rules = Dictionary(uniqueKeysWithValues: plan.tensors.map { ($0.name, $0.rule) })
    #expect(!report.matrices.isEmpty)
    #expect(report.matrices.allSatisfy { rules[$0.name]?.hasPrefix("size target: predicted NMSE") == true })
    #expect(plan.tensors.allSatisfy { !$0.rule.isEmpty })
    #expect(report.byteCount <= report.limit)
  }

  @Test("without evidence keeps tensors in F32 that might lose values")
  func withoutEvidence() throws {
    func formats(_ evidence: PlanningEvidence?) throws -> Set<StorageFormat> {
      let plan = try plan("expected/llama-gqa/llama-gqa-bf16.gguf", evidence: evidence) {
        $0.destination = folder.file("model")
      }
      return Set(plan.tensors.filter { $0.shape.rank == 1 }.map(\.format))
    }
    #expect(try formats(nil) == [.bf16])
    #expect(try formats(.some(.none)) == [.f32])
  }

  @Test("renumbers the layers that pruning leaves, and names the others as left out")
  func pruning() throws {
    let recipe = try #require(Recipe.named("Q8_0"))
    let plan = try plan("expected/llama-gqa/llama-gqa-bf16.gguf") {
      $0.type = .recipe(recipe)
      $0.prunedLayers = [0]
    }
    let layerCount = try layerCount()
    let layers = Set(plan.tensors.compactMap(\.purpose.layer))
    #expect(layers == Set(0..<layerCount - 1))
    #expect(!plan.dropped.isEmpty)
    #expect(plan.dropped.allSatisfy { $0.name.text.hasPrefix("blk.0.") && $0.reason == "its layer is pruned" })
  }

  private func layerCount() throws -> Int {
    Set(try plan("expected/llama-gqa/llama-gqa-bf16.gguf").tensors.compactMap(\.purpose.layer)).count
  }
}
