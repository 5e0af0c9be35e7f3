import Architectures
import Bytes

@testable import Tokenization

/// The vocabulary rules of the bundled definitions.
enum BundledRules {
  static let library: ArchitectureLibrary? = try? .bundled()

  struct NoDefinition: Error {
    let name: String
  }

  /// The rules of the definition called `name`.
  static func named(_ name: String) throws -> VocabularyRules {
    guard let definition = library?.definition(named: name) else { throw NoDefinition(name: name) }
    return definition.vocabulary
  }

  /// The rules of the definition that matches a class or a `model_type`.
  static func matching(class className: String? = nil, modelType: String?) throws -> VocabularyRules {
    guard let definition = library?.definition(class: className, modelType: modelType) else {
      throw NoDefinition(name: className ?? modelType ?? "")
    }
    return definition.vocabulary
  }

  /// The rules that the member `vocabulary` of a definition states, with the bundled tokenizer classes.
  static func parsing(_ vocabulary: String) throws -> VocabularyRules {
    let text = #"{ "name": "x", "summary": "", "vocabulary": \#(vocabulary) }"#
    var rules = try ArchitectureDefinition(json: JSON(parsing: Array(text.utf8)), bases: [:]).vocabulary
    rules.tokenizerClasses = try named("llama").tokenizerClasses
    return rules
  }
}

extension Vocabulary {
  /// Reads files by the rules of LLaMA.
  static func read(
    _ files: TokenizerFiles, vocabularySize: Int? = nil, preTokenizer: String? = nil, departsFromReference: Bool = true
  ) throws -> VocabularyImport {
    try read(
      files, rules: BundledRules.named("llama"), vocabularySize: vocabularySize, preTokenizer: preTokenizer,
      departsFromReference: departsFromReference)
  }

  /// The files of a folder, with the bundled tokenizer classes.
  func huggingFaceFiles(modelType: String? = nil, contextLength: Int? = nil) throws -> [HuggingFaceFile] {
    try huggingFaceFiles(
      classes: BundledRules.named("llama").tokenizerClasses, modelType: modelType, contextLength: contextLength)
  }
}
