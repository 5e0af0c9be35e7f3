import Bytes

/// An error of reading a vocabulary from files or metadata.
public enum VocabularyError: IngotError, Equatable {
  /// A folder has none of the files that contain a vocabulary.
  case noTokenizer(expected: [String])
  /// A kind of tokenizer that is not supported.
  case unsupported(file: String, reason: String)
  /// A file has a vocabulary in another form than the architecture's.
  case otherForm(file: String, found: String, expected: String)
  /// One of two files that belong together is missing.
  case missingFile(String, beside: String)
  /// A vocabulary of several characters a token has no merges.
  case missingMerges(file: String, tokenCount: Int)
  /// A file of tokens with ranks that cannot be read.
  case invalidRanks(String)
  /// A tiktoken file under the name of a JSON file.
  case tiktokenForJSON
  /// JSON under the name of a SentencePiece model.
  case jsonForSentencePiece
  /// A member of a JSON file is missing or of another type than expected.
  case invalidMember(file: String, member: String, expected: String)
  /// A token's id is negative or used in an invalid position.
  case invalidID(file: String, token: String, id: Int)
  /// The vocabulary has no token for an id below its size.
  case missingToken(file: String, id: Int)
  /// A token's id is beyond the rows of the embedding.
  case idBeyondVocabulary(token: String, id: Int, vocabularySize: Int)
  /// The steps of the pre-tokenizer are not those of a known one.
  case unknownPreTokenizer(structure: String)
  /// The name of a pre-tokenizer is unknown.
  case unknownPreTokenizerName(String)
  /// A regular expression has unsupported syntax.
  case unsupportedPattern(String, reason: String)
  /// Bytes that are not a SentencePiece model.
  case invalidSentencePiece(offset: Int, reason: String)
  /// A required metadata key is missing.
  case missingKey(String)
  /// A metadata value has another type than expected.
  case invalidValue(key: String, expected: String)
  /// A metadata array does not have one element per token.
  case lengthMismatch(key: String, count: Int, tokenCount: Int)
  /// A value in the array of token types is unknown.
  case unknownTokenType(id: Int, type: Int)

  public var category: ErrorCategory {
    switch self {
    case .unknownPreTokenizerName: .usage
    default: .input
    }
  }

  public var description: String {
    switch self {
    case .noTokenizer(let expected):
      "no tokenizer: expected "
        + expected.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }.joined(separator: " or ")
    case .unsupported(let file, let reason): "\(file): \(reason)"
    case .otherForm(let file, let found, let expected):
      "\(file): \(found), expected \(expected) (fetch the tokenizer files that belong to this model)"
    case .missingFile(let file, let other): "\(file): missing, but \(other) needs it (fetch \(file) of this model)"
    case .missingMerges(let file, let count):
      "\(file): has no merges for its \(counted(count, "token")), expected one or more (fetch the model's original file)"
    case .invalidRanks(let fact): fact
    case .tiktokenForJSON: "is a tiktoken vocabulary, expected JSON (rename it to tokenizer.model)"
    case .jsonForSentencePiece: "is JSON, expected a SentencePiece model (rename it to tokenizer.json)"
    case .invalidMember(let file, let member, let expected): "\(file): member \(member.quoted): expected \(expected)"
    case .invalidID(let file, let token, let id): "\(file): token \(token.quoted): has the impossible id \(id)"
    case .missingToken(let file, let id): "\(file): no token has id \(id.grouped), expected ids without gaps"
    case .idBeyondVocabulary(let token, let id, let size):
      "token \(token.quoted): id \(id.grouped) is beyond the \(size.grouped) rows of the embedding"
    case .unknownPreTokenizer(let structure):
      "tokenizer.json: unknown pre-tokenizer \(structure) (pass the nearest known one with --pre-tokenizer NAME)"
    case .unknownPreTokenizerName(let name):
      "pre-tokenizer \(name.quoted): unknown, expected one of \(PreTokenizer.names.joined(separator: ", "))"
    case .unsupportedPattern(let pattern, let reason): "regular expression \(pattern.quoted): \(reason)"
    case .invalidSentencePiece(let offset, let reason):
      "SentencePiece model at byte \(offset.grouped): \(reason)"
    case .missingKey(let key): "metadata key \(key.quoted): missing, expected in every vocabulary"
    case .invalidValue(let key, let expected): "metadata key \(key.quoted): expected \(expected)"
    case .lengthMismatch(let key, let count, let tokenCount):
      "metadata key \(key.quoted): has \(counted(count, "element")) but the vocabulary has \(counted(tokenCount, "token"))"
    case .unknownTokenType(let id, let type):
      "metadata key \("tokenizer.ggml.token_type".quoted): token \(id.grouped) has type \(type), expected 0 to 6"
    }
  }
}
