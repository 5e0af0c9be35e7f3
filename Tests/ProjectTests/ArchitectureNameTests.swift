import Foundation
import Testing

/// An architecture is a JSON file: no Swift file knows one by name.
@Suite("Names of architectures")
struct ArchitectureNameTests {
  /// Files whose literals name something else that happens to have an architecture's name.
  static let otherFacts: [(file: String, names: Set<String>, reason: String)] = [
    (
      "Sources/Tokenization/Vocabulary.swift", ["llama", "gemma4", "gpt2", "bert", "t5"],
      "values of tokenizer.ggml.model, which names kinds of tokenizers"
    ),
    (
      "Sources/Formats/LegacyGGML/LegacyGGML+Vocabulary.swift", ["llama"],
      "the value of tokenizer.ggml.model, which names a kind of tokenizer"
    ),
    (
      "Sources/Tokenization/PreTokenization/PreTokenizer+Known.swift",
      [
        "bailingmoe2", "bloom", "command-r", "deepseek-v3", "exaone", "exaone4", "falcon", "glm4", "hunyuan-dense",
        "minimax-m2", "modern-bert", "mpt", "olmo", "qwen2", "qwen35", "starcoder",
      ],
      "values of tokenizer.ggml.pre, which names pre-tokenizers"
    ),
    (
      "Sources/Tokenization/PreTokenization/CheckText+Digests.swift",
      [
        "afmoe", "bailingmoe2", "bloom", "command-r", "deepseek-v3", "exaone", "exaone-moe", "exaone4", "falcon",
        "gemma4", "glm4", "hunyuan-dense", "minimax-m2", "modern-bert", "olmo", "qwen2", "qwen35", "starcoder",
      ],
      "values of tokenizer.ggml.pre, which names pre-tokenizers"
    ),
    (
      "Sources/Verification/Check/HeaderCheck+Vocabulary.swift", ["afmoe", "exaone-moe", "gemma4"],
      "values of tokenizer.ggml.pre, which names pre-tokenizers"
    ),
    (
      "Sources/Tokenization/Vocabulary+StrippedSides.swift", ["jina-bert-v3", "modern-bert", "nomic-bert-moe", "phi3"],
      "names by which llama.cpp knows how special tokens strip white space, which no key of a GGUF states"
    ),
    (
      "Sources/Inspection/KeyValueCache.swift", ["phi3", "exaone4"],
      "architectures of which llama.cpp itself uses the sliding window for some numbers of layers only"
    ),
    (
      "Sources/Conversion/Planning/RecipeInputs.swift", ["llama", "qwen2", "olmo", "falcon"],
      "special cases of llama-quantize's recipes, also for GGUFs of architectures that no definition has"
    ),
  ]

  /// The names, classes, model types and GGUF architectures of all definitions, and the tokenizers' classes.
  private static func names() throws -> Set<String> {
    let folder = "Sources/Architectures/Definitions"
    var names: Set<String> = []
    for file in try FileManager.default.contentsOfDirectory(atPath: Project.path(folder)) where file.hasSuffix(".json")
    {
      let json = try JSONSerialization.jsonObject(with: Data(Project.text(of: "\(folder)/\(file)").utf8))
      let definition = try #require(json as? [String: Any])
      if definition["abstract"] as? Bool != true { names.insert(String(file.dropLast(".json".count))) }
      for key in ["classes", "model_types"] { names.formUnion(definition[key] as? [String] ?? []) }
      for key in ["tokenizer_classes", "tokenizers"] {
        names.formUnion((definition[key] as? [String: Any] ?? [:]).keys)
      }
      if let name = definition["gguf_architecture"] as? String { names.insert(name) }
    }
    return names
  }

  @Test("are in no literal of the program")
  func noLiteralNamesAnArchitecture() throws {
    let names = try Self.names()
    try #require(names.count > 100)
    // A regular expression in a loop would be parsed for each line.
    let literal = /"([^"\\]*)"/, className = /\w+(ForCausalLM|ForConditionalGeneration|LMHeadModel)\b/
    for file in try Project.swiftFiles(under: "Sources") {
      let allowed = Self.otherFacts.first { $0.file == file }?.names ?? []
      let text = try Project.text(of: file)
      let mayNameClass = ["ForCausalLM", "ForConditionalGeneration", "LMHeadModel"].contains { text.contains($0) }
      for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
      where !line.drop(while: { $0 == " " }).hasPrefix("//") {
        for match in line.utf8.contains(UInt8(ascii: "\"")) ? line.matches(of: literal) : []
        where names.contains(String(match.1)) {
          #expect(allowed.contains(String(match.1)), "\(file):\(number + 1) names \(match.1)")
        }
        // A class is a word that means nothing else, so a longer text must not have it either.
        for match in mayNameClass ? line.matches(of: className) : [] {
          Issue.record("\(file):\(number + 1) names \(match.0)")
        }
      }
    }
  }

  @Test("that are allowed are there", arguments: otherFacts.map(\.file))
  func theListIsNoLongerThanItMustBe(file: String) throws {
    let fact = try #require(Self.otherFacts.first { $0.file == file })
    let text = try Project.text(of: file)
    for name in fact.names { #expect(text.contains("\"\(name)\""), "\(file) no longer names \(name)") }
  }
}
