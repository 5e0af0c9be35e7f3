import Foundation
import TestSupport
import Testing

@Suite("Tokenize")
struct TokenizeTests {
  @Test(
    "prints ids and pieces",
    arguments: [
      Snapshot("help-tokenize", "tokenize", "--help"),
      Snapshot(
        "tokenize-gguf", "tokenize", "fixtures/expected/llama-gqa/llama-gqa-q8_0.gguf", "--text", " two  spaces"),
      Snapshot("tokenize-folder", "tokenize", "fixtures/llama-gqa", "--text", " two  spaces"),
      Snapshot("tokenize-files", "tokenize", "fixtures/tokenizers/qwen2", "--text", "Hi", "--json"),
      Snapshot("tokenize-ids", "tokenize", "fixtures/tokenizers/bert", "--text", "Hello world", "--ids"),
      Snapshot(
        "tokenize-plain", "tokenize", "fixtures/yi", "--text", "<|endoftext|>", "--no-special-tokens",
        "--no-parse-special"),
      Snapshot("error-tokenize-nothing", "tokenize", "fixtures/yi"),
      Snapshot("error-tokenize-no-tokenizer", "tokenize", "fixtures/llama-bias", "--text", "a"),
    ])
  func snapshots(snapshot: Snapshot) throws { try snapshot.check() }

  @Test("reads a file part by part, and refuses one that is no text")
  func files() throws {
    let folder = TemporaryFolder()
    let text = String(repeating: "The mill grinds the grain. ", count: 50_000)
    try folder.write(Array(text.utf8), to: "text")
    let run = try Program.run(["tokenize", "fixtures/yi", "--file", folder.file("text"), "--ids"])
    #expect(run.status == 0)
    let ids = run.output.split(separator: ",").count
    let single = try Program.run(["tokenize", "fixtures/yi", "--text", "The mill grinds the grain. ", "--ids"])
    #expect(ids > 50_000 * (single.output.split(separator: ",").count - 3))
    try folder.write([0x61, 0xFF], to: "bytes")
    let refused = try Program.run(["tokenize", "fixtures/yi", "--file", folder.file("bytes")])
    #expect(refused.status == 2)
    #expect(refused.error == "ingot: error: \(folder.file("bytes")): is not UTF-8 text\n")
  }
}
