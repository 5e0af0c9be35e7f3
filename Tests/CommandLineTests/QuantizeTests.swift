import Foundation
import TestSupport
import Testing

@Suite("Quantize")
struct QuantizeTests {
  private let folder = TemporaryFolder()

  /// A GGUF in a folder where it can have neighbours.
  private func source() throws -> String {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("expected/llama-gqa/llama-gqa-bf16.gguf")))
    return try folder.write(Array(bytes), to: "a.gguf")
  }

  @Test(
    "names its output after the recipe, beside the input",
    arguments: [("q8_0", "Q8_0"), ("15", "Q4_K"), ("q4_k_m", "Q4_K_M"), ("copy", "COPY")])
  func defaultOutput(type: String, name: String) throws {
    let run = try Program.run(["quantize", try source(), type, "2"])
    #expect(run.status == 0)
    #expect(folder.names == ["a.gguf", "ggml-model-\(name).gguf"])
  }

  @Test("writes where it is told, the first pattern deciding")
  func options() throws {
    let output = folder.file("b.gguf")
    let run = try Program.run([
      "quantize", "--tensor-type", "attn_v=q5_1", "--tensor-type", "attn=q4_1", "--leave-output-tensor",
      try source(), output, "Q8_0", "--dry-run", "--json",
    ])
    #expect(run.status == 0)
    let plan = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    let tensors = try #require(plan["tensors"] as? [[String: Any]])
    let formats = Dictionary(uniqueKeysWithValues: tensors.map { ($0["name"] as? String, $0["to"] as? String) })
    #expect(formats["blk.1.attn_v.weight"] == "Q5_1")
    #expect(formats["blk.1.attn_k.weight"] == "Q4_1")
    #expect(formats["blk.1.ffn_up.weight"] == "Q8_0")
    #expect(formats["output.weight"] == "BF16")
  }

  @Test(
    "refuses",
    arguments: [
      (["Q8_0", "0"], Int32(64), "ingot: error: expected one number of threads behind the recipe, 1 or more\n"),
      (["out.gguf"], 64, "ingot: error: expected the name or number of a recipe: "),
      (["Q8_0", "--tensor-type", "nothing=q4_0"], 64, "--tensor-type \"nothing\" matches no tensor\n"),
      (["Q6_K", "--no-fallback"], 1, " elements do not fill blocks of Q6_K (256 elements) (leave out --no-fallback"),
    ])
  func refusals(arguments: [String], status: Int32, message: String) throws {
    let run = try Program.run(["quantize", try source()] + arguments)
    #expect(run.status == status)
    #expect(run.error.contains(message), "\(run.error)")
    #expect(folder.names == ["a.gguf"])
  }
}
