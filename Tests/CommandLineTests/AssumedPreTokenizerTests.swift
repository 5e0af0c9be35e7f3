import Foundation
import TestSupport
import Testing

/// A GGUF that does not name its pre-tokenizer is read by llama.cpp's default steps, which every command says.
@Suite("A GGUF without a pre-tokenizer")
struct AssumedPreTokenizerTests {
  private static let warning =
    #"the pre-tokenizer is not stated: "default" is assumed, as in llama.cpp (convert --pre-tokenizer NAME states another)"#

  /// A GGUF of byte-level pieces whose key for the name is another one.
  private func model(in folder: TemporaryFolder) throws -> String {
    let path = Program.packageFolder + "/fixtures/expected/llama3-tied/llama3-tied-q8_0.gguf"
    var data = try Data(contentsOf: URL(fileURLWithPath: path))
    let range = try #require(data.range(of: Data("tokenizer.ggml.pre".utf8)))
    data.replaceSubrange(range, with: Data("tokenizer.ggml.prx".utf8))
    try data.write(to: URL(fileURLWithPath: folder.file("m.gguf")))
    return folder.file("m.gguf")
  }

  @Test("is warned of by check and tokenize")
  func check() throws {
    let folder = TemporaryFolder()
    let path = try model(in: folder)
    let check = try Program.run(["check", path])
    #expect(check.output.contains("warning"))
    #expect(check.output.contains(Self.warning))
    let tokens = try Program.run(["tokenize", path, "--text", "a"])
    #expect(tokens.error == "ingot: warning: \(path): \(Self.warning)\n")
  }

  @Test("is converted with a warning, or with the name that the user states", arguments: ["hf", "copy.gguf"])
  func convert(output: String) throws {
    let folder = TemporaryFolder()
    let path = try model(in: folder)
    let assumed = try Program.run(["convert", path, "-o", folder.file(output)])
    #expect(assumed.status == 0)
    #expect(assumed.output.contains(Self.warning))
    let stated = try Program.run(
      ["convert", path, "-o", folder.file(output), "--pre-tokenizer", "llama-bpe", "--overwrite"])
    #expect(stated.status == 0)
    #expect(!stated.output.contains("is assumed"))
    let ids = try Program.run(["tokenize", folder.file(output), "--text", "It's 1234567", "--ids"])
    let original = "fixtures/expected/llama3-tied/llama3-tied-q8_0.gguf"
    #expect(ids.output == (try Program.run(["tokenize", original, "--text", "It's 1234567", "--ids"]).output))
    let unknown = try Program.run(["convert", path, "-o", folder.file("x"), "--pre-tokenizer", "nope"])
    #expect(unknown.status == 64)
    #expect(unknown.error.hasPrefix("ingot: error: ") && unknown.error.contains("pre-tokenizer \"nope\": unknown"))
  }
}
