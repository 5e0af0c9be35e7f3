import Architectures
import Bytes
import Formats
import Tensors
import Tokenization

/// A GGUF: everything is in its key-value pairs.
struct GGUFFacts: ModelFacts {
  let path: String
  let folder: ModelFolder?
  let metadata: Metadata

  var ggufMetadata: Metadata? { metadata }
  var hasExplicitHyperparameters: Bool { true }
  var includesTokenizer: Bool { true }
  var usesGGUFNames: Bool { true }
  var losesUndefinedHyperparameters: Bool { true }
  var hasRopeFactorTensors: Bool { true }
  /// llama.cpp's programs leave them out.
  var mayOmitLeadingOnes: Bool { true }

  func candidates(in library: ArchitectureLibrary) throws -> [ArchitectureDefinition] {
    guard let name = metadata["general.architecture"]?.text, !name.isEmpty else {
      throw ModelError.noArchitecture(path: path)
    }
    let matching = library.definitions { $0.ggufArchitecture == name }
    guard !matching.isEmpty else {
      throw ModelError.unknownGGUFArchitecture(path: path, name: name, hint: library.hint(forGGUF: name))
    }
    // Of several definitions with this name: those with a distinctive key that is there, then the one of the same name,
    // then those that only their tensors distinguish.
    let distinguished = matching.filter { definition in
      definition.distinctiveKeys.contains { isStated(definition.ggufKey($0)) }
    }
    let others = matching.filter(\.distinctiveKeys.isEmpty)
    return distinguished + others.filter { $0.name == name } + others.filter { $0.name != name }
  }

  /// Whether the file has a key, or with `KEY=VALUE` a key with this value.
  private func isStated(_ condition: String) -> Bool {
    let parts = condition.split(separator: "=", maxSplits: 1)
    guard let key = parts.first, let value = metadata[String(key)] else { return false }
    return parts.count == 1 || value.text == String(parts[1]) || value.integer.map(String.init) == String(parts[1])
  }

  func hyperparameters(
    of definition: ArchitectureDefinition, observed: ArchitectureDefinition.ObservedTensors
  ) throws(HyperparameterError) -> HyperparameterSet {
    try definition.hyperparameters(of: metadata, observed: observed)
  }

  func origin(of rule: HyperparameterRule, in definition: ArchitectureDefinition) -> HyperparameterOrigin? {
    definition.ggufKeys(of: rule).first { metadata[$0] != nil }.map { .pair($0) }
  }

  func vocabulary(
    rules: @autoclosure () throws -> VocabularyRules, size: Int?
  ) throws -> (vocabulary: Vocabulary, conflicts: [VocabularyConflict])? {
    guard let kind = metadata["tokenizer.ggml.model"]?.text, kind != "none" else { return nil }
    let read = try Vocabulary.read(metadata)
    return (read.vocabulary, read.conflicts)
  }
}
