import Foundation
import TestSupport
import Testing

@Suite("Quantize")
struct QuantizeTests {
  private let folder = TemporaryFolder()

  /// A GGUF in a folder where it can have neighbors.
  private func source() throws -> String {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("expected/llama-gqa/llama-gqa-bf16.gguf")))
    return try folder.write(Array(bytes), to: "a.gguf")
  }

  @Test(
    "names its output after the recipe, next to the input",
    arguments: [("q8_0", "Q8_0"), ("15", "Q4_K"), ("q4_k_m", "Q4_K_M"), ("copy", "COPY")])
  func defaultOutput(type: String, name: String) throws {
    let run = try Program.run(["quantize", try source(), type, "2"])
    #expect(run.status == 0)
    #expect(folder.names == ["a.gguf", "ggml-model-\(name).gguf"])
  }

  @Test("writes to the given path, with the first matching pattern")
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
      (
        ["Q8_0", "0"], Int32(64),
        #"ingot: error: unexpected "0" after the recipe, expected a thread count of 1 or more (the output comes before the"#
          + " recipe)\n"
      ),
      (
        ["Q8_0", "out.gguf"], Int32(64),
        #"ingot: error: unexpected "out.gguf" after the recipe, expected a thread count of 1 or more (the output comes"#
          + " before the recipe)\n"
      ),
      (["out.gguf"], 64, "ingot: error: expected the name or number of a recipe, such as Q4_K_M"),
      (["Q8_0", "--tensor-type", "nothing=q4_0"], 64, "--tensor-type \"nothing\" matches no tensor\n"),
      (
        ["Q4_0", "--target-bpw", "5"], 64,
        "ingot: error: expected an output and a thread count, but no recipe, with"
      ),
      (["--target-size", "1M", "--target-bpw", "5"], 64, "expected only one of --target-size and --target-bpw\n"),
      (["--target-size", "1.2k"], 64, ": target 1,200 bytes is too small: the smallest possible is "),
      (["--target-size", "1.G"], 64, "the value '1.G' is invalid for '--target-size <size>'"),
      (
        ["Q4_0", "--budget", "nmse=0.001"], 1,
        " tensors exceed the budget; worst: tensor "
      ),
      (["Q4_0", "--budget", "kl=1"], 64, "metric \"kl\" is unknown here"),
      (["Q6_K", "--no-fallback"], 1, " elements do not fill blocks of Q6_K (256 elements) (leave out --no-fallback"),
    ])
  func refusals(arguments: [String], status: Int32, message: String) throws {
    let run = try Program.run(["quantize", try source()] + arguments)
    #expect(run.status == status)
    #expect(run.error.contains(message), "\(run.error)")
    #expect(folder.names == ["a.gguf"])
  }

  @Test("keeps to a size, with the file's name and the threads where they were")
  func sizeTarget() throws {
    let source = try source()
    let run = try Program.run(["quantize", source, "--target-size", "0.09M", "2"])
    #expect(run.status == 0, "\(run.error)")
    #expect(folder.names == ["a.gguf", "ggml-model-0.09M.gguf"])
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("ggml-model-0.09M.gguf"))).count <= 90_000)
    #expect(run.output.contains("size target  90,000 bytes: "))
    let planned = try Program.run([
      "quantize", source, folder.file("b.gguf"), "--target-bpw", "5.5", "--dry-run", "--json",
    ])
    let plan = try #require(try JSONSerialization.jsonObject(with: Data(planned.output.utf8)) as? [String: Any])
    #expect((plan["size_target"] as? [String: Any])?["predicted_summed_nmse"] is Double)
    #expect(folder.names == ["a.gguf", "ggml-model-0.09M.gguf"])
  }

  @Test("prints the errors, and writes nothing beyond a budget")
  func budget() throws {
    let arguments = ["quantize", try source(), folder.file("b.gguf"), "Q4_0", "--budget"]
    let failed = try Program.run(arguments + ["cosine=0.9999", "--histogram", "--json"])
    #expect(failed.status == 1)
    #expect(folder.names == ["a.gguf"])
    let report = try #require(try JSONSerialization.jsonObject(with: Data(failed.output.utf8)) as? [String: Any])
    #expect(report["written"] as? Bool == false)
    let errors = try #require(report["errors"] as? [String: Any])
    #expect(errors["passes"] as? Bool == false)
    #expect((errors["violations"] as? [Any])?.isEmpty == false)
    #expect(((errors["total"] as? [String: Any])?["histogram"] as? [String: Any])?["unchanged"] is Int)

    let passed = try Program.run(arguments + ["auto"])
    #expect(passed.status == 0)
    #expect(passed.output.contains("worst tensors"))
    #expect(folder.names == ["a.gguf", "b.gguf"])
  }
}
