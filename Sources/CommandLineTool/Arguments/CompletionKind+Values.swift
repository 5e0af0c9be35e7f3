import ArgumentParser
import Ingot

// What the shell offers for arguments whose values are known. A completion script contains short lists, and asks the program
// for the others, so that a start of the program does not read the definitions.

extension CompletionKind {
  /// Names of the bundled architectures.
  static var architectures: Self {
    .custom { _, _, _ in (try? ArchitectureLibrary.bundled())?.identities.map(\.name) ?? [] }
  }

  /// Naming schemes that are written.
  static var namingSchemes: Self {
    .custom { _, _, _ in Set(bundled.flatMap { $0.writtenSchemes.map(\.name) }).sorted() }
  }

  /// Names of pre-tokenizers.
  static var preTokenizers: Self { .custom { _, _, _ in Vocabulary.preTokenizerNames.sorted() } }

  /// Recipes and storage formats, as `--type` takes them.
  static var types: Self { .list(TypeArgument.names) }

  /// Recipes, as the words after a path of `quantize`, and paths.
  static var recipesAndFiles: Self {
    .custom { _, _, prefix in Recipe.names.filter { $0.hasPrefix(prefix) } + ShellPaths.completions(of: prefix) }
  }

  /// Keys of the file that an earlier word names.
  static var metadataKeys: Self {
    .custom { words, _, _ in
      for word in words.dropFirst() where !word.hasPrefix("-") {
        guard let checkpoint = try? Checkpoint.open(word) else { continue }
        return checkpoint.metadata.pairs.map(\.key.text)
      }
      return []
    }
  }

  /// Names of the tensors of the file that an earlier word names.
  static var tensorNames: Self {
    .custom { words, _, prefix in
      for word in words.dropFirst() where !word.hasPrefix("-") {
        guard let checkpoint = try? Checkpoint.open(word) else { continue }
        return checkpoint.stored.map(\.name.text).filter { $0.hasPrefix(prefix) }
      }
      return []
    }
  }

  private static var bundled: [ArchitectureDefinition] { (try? ArchitectureLibrary.bundled().definitions) ?? [] }
}
