import Bytes
import Conversion
import Models
import TestSupport
import Testing

@Suite("A receipt")
struct ReceiptTests {
  @Test("records what was done")
  func contents() throws {
    let folder = TemporaryFolder()
    var request = ConversionRequest(destination: folder.file("out.gguf"))
    request.type = .format(.q4_0)
    let plan = try Planner.plan(try Model.open(Fixtures.path("llama-gqa"), library: try .bundled()), request)
    let outcomes = try Executor.run(plan, threads: 2)
    let json = try Receipt(plan: plan, errors: ErrorSummary(outcomes), options: ["--type", "Q4_0"], version: "1.2.3")
      .json()
    #expect(json["schema"] == .string("ingot.receipt/1"))
    #expect(
      json["outputs"]?.array?.first?["sha256"]?.string == (try FileDigest.sha256(LocalFile(folder.file("out.gguf")))))
    #expect(json["inputs"]?.array?.first?["name"] == .string("model.safetensors"))
    #expect(json["inputs"]?.array?.contains { $0["name"] == .string("config.json") } == true)
    #expect(json["other_inputs"] == .array([]))
    let tensors = json["tensors"]?.array ?? []
    #expect(tensors.count == plan.tensors.count)
    let query = tensors.first { $0["name"] == .string("blk.0.attn_q.weight") }
    #expect(query?["transform"] == .string("RoPE permutation of 8 heads"))
    #expect(query?["rule"] == .string("the format asked for"))
    #expect(query?["nmse"]?.real ?? 0 > 1e-4)
    let norm = tensors.first { $0["name"] == .string("output_norm.weight") }
    #expect(norm?["to"] == .string("F32"))
    #expect(norm?["changed"] == .integer(0))
  }
}
