import TestSupport
import Testing

/// The completions of bash, run by bash as its readline does.
@Suite("Completions in bash")
struct CompletionTests {
  /// What is offered for the last of `words`.
  private func offers(_ words: [String], in folder: String = Program.packageFolder) throws -> [String] {
    let quoted = words.map { "'\($0)'" }.joined(separator: " ")
    let script = """
      compopt() { :; }; PATH="$(dirname "$ingot"):$PATH"; source <("$ingot" --generate-completion-script bash)
      COMP_WORDS=(\(quoted)); COMP_CWORD=\(words.count - 1); COMP_LINE='\(words.joined(separator: " "))'; COMP_POINT=${#COMP_LINE}
      _ingot ingot '\(words.last ?? "")' '\(words.dropLast().last ?? "")'; printf '%s\\n' "${COMPREPLY[@]}"
      """
    return try Program.shell(script, in: folder).output.split(separator: "\n").map(String.init)
  }

  @Test(
    "complete the names of files",
    arguments: [["inspect", "REA"], ["convert", "REA"], ["run", "a", "--perplexity", "REA"]])
  func files(words: [String]) throws {
    #expect(try offers(["ingot"] + words).contains("README.md"))
  }

  @Test(
    "complete values of options",
    arguments: [
      (["convert", "m", "--type", "Q4_K"], "Q4_K_M"), (["convert", "m", "--type", "ke"], "keep"),
      (["convert", "m", "--naming", "me"], "meta"), (["check", "m", "--arch-as", "gemm"], "gemma2"),
      (["convert", "m", "--has-transform", "pl"], "plus_one=yes"), (["architectures", "qwe"], "qwen2"),
      (["convert", "m", "--pre-tokenizer", "llama-b"], "llama-bpe"), (["diff", "a", "b", "--budget", "a"], "auto"),
      (["quantize", "a.gguf", "b.gguf", "IQ4"], "IQ4_XS"),
      (["meta", "get", "fixtures/expected/llama-gqa/llama-gqa-q8_0.gguf", "llama.rope.f"], "llama.rope.freq_base"),
    ])
  func values(words: [String], expected: String) throws {
    #expect(try offers(["ingot"] + words).contains(expected))
  }
}
