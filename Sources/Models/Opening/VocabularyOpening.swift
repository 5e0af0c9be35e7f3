import Architectures
import Bytes
import Formats
import Tensors
import Tokenization

/// The vocabulary of a model, of a GGUF without tensors, or of a folder that has only the files of a tokenizer.
public struct VocabularyOpening: Sendable {
  public let path: String
  /// The vocabulary, and what its files leave open.
  public let read: VocabularyImport

  /// Opens the vocabulary at `path`: of a GGUF its metadata, of any other file the files of its folder.
  ///
  /// - Parameters:
  ///   - library: the definitions, one of which states how the files of a folder are read.
  ///   - architecture: the name of that definition, instead of the one that config.json names.
  /// - Throws: if the files have no vocabulary, or it cannot be read.
  public static func open(
    _ path: String, library: ArchitectureLibrary, architecture: String? = nil
  ) throws -> VocabularyOpening {
    try open(InputLocation(path), library: library, architecture: architecture)
  }

  /// Opens the vocabulary at `location`, as `open` does with a path.
  public static func open(
    _ location: InputLocation, library: ArchitectureLibrary, architecture: String? = nil
  ) throws -> VocabularyOpening {
    let path = location.path
    if let metadata = try ggufMetadata(of: location.file, at: location) { return try open(path, metadata) }
    let files = try ModelFolder(location).tokenizerFiles()
    if location.file == nil, !files.hasVocabulary, let metadata = try? Checkpoint.open(location).tokenizerMetadata {
      return try open(path, metadata)
    }
    let config = files.model.map { Configuration($0) }
    let named = try architecture.map { try library.named($0) } ?? config.flatMap { library.definition(of: $0) }
    let size = max(config?.json["vocab_size"]?.integer ?? 0, min(files.idLimit, files.rowLimit))
    let rules = named?.vocabulary ?? rulesOfAnyKind(library)
    return VocabularyOpening(
      path: path,
      read: try LocatedError.naming(path) { () throws(VocabularyError) in
        try Vocabulary.read(files, rules: rules, vocabularySize: size)
      })
  }

  private static func open(_ path: String, _ metadata: Metadata) throws -> VocabularyOpening {
    VocabularyOpening(
      path: path,
      read: try LocatedError.naming(path) { () throws(VocabularyError) in
        try Vocabulary.read(metadata)
      })
  }

  /// The tokenizer of the vocabulary.
  public func tokenizer() throws -> Tokenizer {
    try LocatedError.naming(path) { () throws(VocabularyError) in try Tokenizer(read.vocabulary) }
  }

  /// The metadata of `file` if it has a tokenizer in it; files of a tokenizer and other checkpoints have none.
  private static func ggufMetadata(of file: (any ByteSource)?, at location: InputLocation) throws -> Metadata? {
    guard let file, !file.name.hasSuffix(".json"), !file.name.hasSuffix(".model"),
      try FormatSniffer.mayIncludeTokenizer(file)
    else { return nil }
    let checkpoint = try Checkpoint.open(location)
    return checkpoint.ggufMetadata ?? checkpoint.tokenizerMetadata
  }

  /// The rules for files of which no configuration tells the architecture: the kind that they are.
  private static func rulesOfAnyKind(_ library: ArchitectureLibrary) -> VocabularyRules {
    var rules = VocabularyRules()
    rules.sources = VocabularyRules.Source.allCases
    rules.tokenizerClasses = library.tokenizerClasses
    return rules
  }
}
