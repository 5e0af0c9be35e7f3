import Foundation
import TestSupport
import Testing

/// Edits that would make a file fail the check.
@Suite("Meta")
struct MetaTests {
  private let folder = TemporaryFolder()

  private func run(_ line: String) throws -> Program.Run {
    let source = Fixtures.path("expected/llama-gqa/llama-gqa-q8_0.gguf")
    return try Program.shell("cp \(source) m.gguf; chmod u+w m.gguf; \(line)", in: folder.path)
  }

  @Test(
    "refuses an edit that breaks the file, unless it is forced",
    arguments: [
      (
        "set m.gguf tokenizer.ggml.eos_token_id 999999",
        "m.gguf: eos token: id 999999 in tokenizer.ggml.eos_token_id is none of the 512 tokens of the vocabulary"
      ),
      ("set m.gguf llama.rope.freq_base 0", "llama.rope.freq_base: rotary_base is 0.0, which is out of range"),
      ("set m.gguf general.architecture qwen2", #"general.architecture: is "qwen2", but the hyperparameters are"#),
      ("set m.gguf tokenizer.chat_template '{% if a %}'", "chat template: line 1: {% if %} has no {% endif %}"),
      ("rm m.gguf llama.attention.head_count", "head_count"),
    ])
  func refuses(edit: String, message: String) throws {
    let refused = try run("cp m.gguf before; $ingot meta \(edit); status=$?; cmp m.gguf before && exit $status")
    #expect(refused.status == 1)
    #expect(
      refused.error.hasPrefix(
        "ingot: error: m.gguf: not edited, since ingot check would fail (pass --force to write it)\n"))
    #expect(refused.error.contains(message), "\(refused.error)")
    let forced = try run("$ingot meta \(edit) --force && ! $ingot check m.gguf --quiet")
    #expect(forced.status == 0, "\(forced.error)")
    #expect(forced.error.contains("ingot: warning: ") && forced.error.contains(message), "\(forced.error)")
  }

  @Test("warns of what only seems wrong, and says nothing of other edits")
  func warns() throws {
    let warned = try run("$ingot meta set m.gguf general.file_type 1 --json")
    #expect(warned.status == 0)
    #expect(
      warned.error == "ingot: warning: general.file_type: is 1 (F16), but most of the matrices are Q8_0\n")
    #expect(warned.output.contains(#""check": "file_type""#))
    let silent = try run(
      "$ingot meta set m.gguf general.name x && $ingot meta set m.gguf tokenizer.ggml.eos_token_id 7 && "
        + "$ingot meta set m.gguf llama.rope.freq_base 500000 && $ingot meta rm m.gguf tokenizer.chat_template")
    #expect(silent.status == 0 && silent.error.isEmpty, "\(silent.error)")
  }

  @Test("takes a special token beyond the vocabulary for none on the way to a folder")
  func special() throws {
    let run = try run(
      "$ingot meta set m.gguf tokenizer.ggml.eos_token_id 32000 --force 2>/dev/null >/dev/null; $ingot convert m.gguf -o hf; "
        + "grep -r eos_token_id hf; true")
    #expect(
      run.output.contains("warning: eos token: id 32000 in tokenizer.ggml.eos_token_id is none of the 512 tokens"))
    #expect(!run.output.contains("\"eos_token_id\": 32000"), "\(run.output)")
  }
}
