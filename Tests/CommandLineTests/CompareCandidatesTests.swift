import Foundation
import TestSupport
import Testing

@Suite("Compare")
struct CompareCandidatesTests {
  @Test(
    "prints",
    arguments: [
      Snapshot("help-compare", "compare", "--help"),
      Snapshot(
        "compare", "compare", "fixtures/llama-gqa", "fixtures/expected/llama-gqa/llama-gqa-q8_0.gguf",
        "fixtures/expected/llama-gqa/llama-gqa-bf16.gguf", "fixtures/meta/model.safetensors", "--text", "Hello, world"),
      Snapshot(
        "compare-markdown", "compare", "fixtures/yi", "fixtures/expected/yi/yi-q8_0.gguf", "--tokens", "1,2,3,4",
        "--markdown"),
      Snapshot(
        "compare-json", "compare", "fixtures/yi", "fixtures/expected/yi/yi-q8_0.gguf", "--tokens", "1,2,3,4", "--json"),
      Snapshot(
        "compare-budget", "compare", "fixtures/yi", "fixtures/expected/yi/yi-q8_0.gguf", "--text", "Hello", "--budget",
        "kl=1e-7"),
      Snapshot("error-compare-others", "compare", "fixtures/yi", "fixtures/aquila", "--tokens", "1,2"),
      Snapshot("error-compare-both", "compare", "fixtures/yi", "fixtures/yi", "--markdown", "--json"),
      Snapshot("error-compare-none", "compare", "fixtures/yi"),
    ])
  func snapshots(snapshot: Snapshot) throws { try snapshot.check() }

  @Test("runs on the bundled text, says its digest, and reads the cache the second time")
  func cached() throws {
    let folder = TemporaryFolder()
    let arguments = [
      "compare", "fixtures/llama-gqa", "fixtures/expected/llama-gqa/llama-gqa-q8_0.gguf", "--cache",
      folder.file("logits"), "--context", "64",
    ]
    let first = try Program.run(arguments), second = try Program.run(arguments)
    #expect(first.status == 0 && second.status == 0, "\(first.error)")
    #expect(first.output.contains("bundled, 5,481 bytes, SHA-256 f3d481a1"))
    #expect(first.output.contains(".logits: written\n"))
    #expect(second.output.contains(".logits: read, so the reference was not run\n"))
    func table(_ text: String) -> [Substring] { text.split(separator: "\n").filter { $0.hasPrefix("llama-gqa") } }
    #expect(table(first.output).count == 2 && table(first.output) == table(second.output))
  }

  @Test("verifies on the bundled text if none is named")
  func bundledText() throws {
    let run = try Program.run([
      "verify", "fixtures/yi", "fixtures/expected/yi/yi-q8_0.gguf", "--json", "--context", "64",
    ])
    let json = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    let text = try #require(json["text"] as? [String: Any])
    #expect(text["origin"] as? String == "bundled" && text["bytes"] as? Int == 5481)
    #expect((json["worst_positions"] as? [Any])?.count == 10)
  }

  @Test("does not write the cache into a folder that is a file")
  func cacheIsFile() throws {
    let folder = TemporaryFolder()
    try folder.write([], to: "logits")
    let run = try Program.run([
      "compare", "fixtures/yi", "fixtures/expected/yi/yi-q8_0.gguf", "--tokens", "1,2", "--cache",
      folder.file("logits"),
    ])
    #expect(run.status == 3 || run.status == 2)
    #expect(run.error.hasPrefix("ingot: error: ") && run.error.split(separator: "\n").count == 1)
  }
}
