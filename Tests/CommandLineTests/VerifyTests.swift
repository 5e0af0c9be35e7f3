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

  @Test("writes a page that holds what it prints")
  func page() throws {
    let folder = TemporaryFolder()
    let run = try Program.run([
      "verify", "fixtures/llama-gqa", "fixtures/llama-sharded", "--tokens", "1,2,3", "--report",
      folder.file("report.html"),
    ])
    #expect(run.status == 0)
    let page = try String(contentsOfFile: folder.file("report.html"), encoding: .utf8)
    #expect(page.hasPrefix("<!doctype html>\n"))
    #expect(page.contains("<td>the same bits</td>"))
    #expect(page.contains("<strong>passed</strong>"))
  }
}
