import Bytes
import Formats
import Tokenization

extension Model {
  /// The vocabulary that comes with the model: the metadata of a GGUF, or the tokenizer files of a folder.
  ///
  /// - Returns: the vocabulary and what its files disagree about; nil if there is none.
  public func vocabulary() throws -> (vocabulary: Vocabulary, conflicts: [VocabularyConflict])? {
    do {
      return try facts.vocabulary(rules: definition.vocabulary, size: hyperparameters.integer("vocabulary_size"))
    } catch let error as VocabularyError {
      throw LocatedError(path: checkpoint.path, reason: error)
    }
  }

  /// The tokenizer that comes with the model.
  ///
  /// - Throws: if there is none, or it cannot be read.
  public func tokenizer() throws -> Tokenizer {
    guard let vocabulary = try vocabulary()?.vocabulary else { throw NoTokenizer(path: checkpoint.path) }
    return try LocatedError.naming(checkpoint.path) { () throws(VocabularyError) in try Tokenizer(vocabulary) }
  }
}

/// Text was given to a model that has no tokenizer.
public struct NoTokenizer: IngotError {
  /// The model.
  public let path: String
  public var category: ErrorCategory { .input }
  public var description: String { "\(path.escapedForDisplay): has no tokenizer (pass --tokens with token ids)" }
}
