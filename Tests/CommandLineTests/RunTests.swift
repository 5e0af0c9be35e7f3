import Foundation
import TestSupport
import Testing

@Suite("Run")
struct RunTests {
  @Test(
    "prints the likeliest next tokens",
    arguments: [
      Snapshot("help-run", "run", "--help"),
      Snapshot("run-text", "run", "fixtures/llama3-tied", "--text", "The quick brown", "--top", "5"),
      Snapshot("run-tokens-json", "run", "fixtures/llama-bias", "--tokens", "1, 2,3", "--top", "2", "--json"),
      Snapshot("run-generate", "run", "fixtures/yi", "--text", "Hello", "--generate", "4", "--top", "1"),
      Snapshot(
        "run-perplexity", "run", "fixtures/yi", "--perplexity", "fixtures/aquila/README.md", "--context", "32"),
      Snapshot(
        "run-decoder", "run", "umt5", "--tokens", "5,17,100", "--decoder-tokens", "9,8", "--top", "2", "--generate",
        "3",
        "--json", staged: "umt5"),
      Snapshot("error-run-decoder", "run", "fixtures/llama-bias", "--tokens", "1,2", "--decoder-tokens", "3"),
      Snapshot("error-run-encoder", "run", "fixtures/llama-bias", "--tokens", "1,2", "--encoder-hidden", "x.npy"),
      Snapshot("error-run-short", "run", "fixtures/yi", "--perplexity", "fixtures/yi/config.json", "--context", "2048"),
      Snapshot("error-run-text", "run", "fixtures/llama-bias", "--text", "hello"),
      Snapshot("error-run-token", "run", "fixtures/llama-bias", "--tokens", "1,5000"),
      Snapshot("error-run-nothing", "run", "fixtures/llama-bias"),
      Snapshot("error-run-list", "run", "fixtures/llama-bias", "--tokens", "1,,2"),
    ])
  func snapshots(snapshot: Snapshot) throws { try snapshot.check() }

  @Test("writes logits and hidden states that NumPy reads, and replaces nothing unasked")
  func files() throws {
    let folder = TemporaryFolder()
    let arguments = [
      "run", "fixtures/llama-bias", "--tokens", "1,2,3", "--quiet", "--logits", folder.file("logits.npy"),
      "--hidden", folder.file("hidden.npy"),
    ]
    #expect(try Program.run(arguments).status == 0)
    #expect(folder.names == ["hidden.npy", "logits.npy"])
    let logits = try Data(contentsOf: URL(fileURLWithPath: folder.file("logits.npy")))
    #expect(String(decoding: logits.prefix(128), as: UTF8.self).contains("'shape': (3, 96)"))
    #expect(logits.count == 128 + 3 * 96 * 4)
    let hidden = try Data(contentsOf: URL(fileURLWithPath: folder.file("hidden.npy")))
    #expect(String(decoding: hidden.prefix(128), as: UTF8.self).contains("'shape': (3, 3, 64)"))

    let again = try Program.run(arguments)
    #expect(again.status == 3)
    #expect(
      again.error == "ingot: error: \(folder.file("logits.npy")): already exists (pass --overwrite to replace it)\n")
  }
}
