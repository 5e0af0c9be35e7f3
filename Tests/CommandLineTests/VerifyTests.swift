import Foundation
import TestSupport
import Testing

@Suite("Verify")
struct VerifyTests {
  @Test(
    "prints",
    arguments: [
      Snapshot("help-verify", "verify", "--help"),
      Snapshot(
        "verify-quantized", "verify", "fixtures/yi", "fixtures/expected/yi/yi-q8_0.gguf", "--text", "Hello, world",
        "--layers"),
      Snapshot(
        "verify-decoder", "verify", "umt5", "umt5", "--tokens", "1,2,3,4", "--layers", staged: "umt5"),
      Snapshot("verify-same", "verify", "fixtures/llama-gqa", "fixtures/meta/model.safetensors", "--tokens", "1,2,3,4"),
      Snapshot(
        "verify-budget", "verify", "fixtures/yi", "fixtures/expected/yi/yi-q8_0.gguf", "--file",
        "fixtures/aquila/README.md", "--context", "32", "--budget", "kl=1e-6,top1=1"),
      Snapshot(
        "verify-json", "verify", "fixtures/llama-gqa", "fixtures/llama-sharded", "--tokens", "5,6,7", "--json"),
      Snapshot("verify-others", "verify", "fixtures/yi", "fixtures/aquila", "--tokens", "1,2"),
      Snapshot("error-verify-nothing", "verify", "fixtures/yi", "fixtures/yi"),
      Snapshot("error-verify-both", "verify", "fixtures/yi", "fixtures/yi", "--text", "a", "--tokens", "1"),
      Snapshot("error-verify-budget", "verify", "fixtures/yi", "fixtures/yi", "--text", "a", "--budget", "speed=1"),
      Snapshot("error-verify-text", "verify", "fixtures/yi", "fixtures/yi", "--file", "fixtures/yi/tokenizer.model"),
    ])
  func snapshots(snapshot: Snapshot) throws { try snapshot.check() }

  @Test(
    "passes an encoder-decoder that was converted",
    arguments: [("t5-small", "BF16"), ("t5-small", "Q8_0"), ("mt5", "F32"), ("umt5", "BF16"), ("umt5", "Q8_0")])
  func encoderDecoder(name: String, type: String) throws {
    let folder = TemporaryFolder(), output = folder.file("out.gguf")
    let source = try ArchitectureFixture.named(name).stage(in: folder)
    #expect(try Program.run(["convert", source, "-o", output, "--type", type, "--quiet"]).status == 0)
    let run = try Program.run(["verify", source, output, "--tokens", "9,31,77,120,5,200,18,64,33,90,141,2", "--json"])
    #expect(run.status == 0, "\(run.output)")
    #expect(run.output.contains("\"same_bits\": \(type != "Q8_0")"))
    #expect(run.output.contains("\"point\": \"decoder layer 1\""))
  }

  @Test("writes an HTML report with the figures that it prints")
  func page() throws {
    let folder = TemporaryFolder()
    let run = try Program.run([
      "verify", "fixtures/llama-gqa", "fixtures/llama-sharded", "--tokens", "1,2,3", "--report",
      folder.file("report.html"),
    ])
    #expect(run.status == 0)
    let page = try String(contentsOfFile: folder.file("report.html"), encoding: .utf8)
    #expect(page.hasPrefix("<!doctype html>\n"))
    #expect(page.contains("<td>same bits</td>"))
    #expect(page.contains("<strong>passed</strong>"))
  }
}
