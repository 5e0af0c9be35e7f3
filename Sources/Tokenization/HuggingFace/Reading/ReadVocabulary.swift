import Bytes
import Tensors

/// A vocabulary and what was found to be inconsistent on the way to it.
public struct ReadVocabulary: Sendable {
  /// The vocabulary, following the precedence of the reference converter.
  public let vocabulary: Vocabulary
  /// Where the files disagree.
  public let conflicts: [VocabularyConflict]
}

extension Vocabulary {
  /// The number of rows assumed when `config.json` does not say: the default of the LLaMA configuration.
  static let defaultVocabularySize = 32000

  /// Makes the vocabulary of a LLaMA-like model from the files of its folder.
  ///
  /// The first of these that applies decides, as in llama.cpp's converter: a SentencePiece model; a `tokenizer.json`
  /// with SentencePiece's pieces (BPE with byte fallback); a byte-level `tokenizer.json`, or `vocab.json` with
  /// `merges.txt`.
  ///
  /// - Parameters:
  ///   - files: what the folder holds.
  ///   - vocabularySize: the rows of the embedding; nil takes `vocab_size` of `config.json`.
  ///   - preTokenizer: the name of the splitting rules, when they shall not be derived from `tokenizer.json`.
  public static func read(
    _ files: TokenizerFiles, vocabularySize: Int? = nil, preTokenizer: String? = nil
  ) throws(VocabularyError) -> ReadVocabulary {
    let size = vocabularySize ?? files.model?["vocab_size"]?.integer ?? defaultVocabularySize
    if let preTokenizer, PreTokenizer.named(preTokenizer) == nil {
      throw .unknownPreTokenizerName(preTokenizer)
    }
    var reader = FolderReader(files: files, vocabularySize: size, preTokenizer: preTokenizer)
    if files.hasTekken, files.tokenizer == nil {
      throw .unsupported(
        file: "tekken.json", fact: "Mistral's own format is not read (add the model's tokenizer.json to the folder)")
    }
    if let bytes = files.sentencePiece {
      try reader.readSentencePiece(bytes)
    } else if let tokenizer = files.tokenizer {
      if FolderReader.isSentencePieceLike(tokenizer) {
        try reader.readSentencePieceLike(tokenizer)
      } else {
        try reader.readByteLevel(tokenizer)
      }
    } else if let vocabulary = files.vocabulary, let merges = files.merges {
      try reader.readByteLevel(vocabulary: vocabulary, merges: merges)
    } else {
      throw .noTokenizer
    }
    reader.vocabulary.frame = reader.frame()
    reader.applyModelRules()
    reader.findSpecialTokenConflicts()
    return ReadVocabulary(vocabulary: reader.vocabulary, conflicts: reader.conflicts)
  }
}

/// The work of making a vocabulary from the files of a folder.
struct FolderReader {
  let files: TokenizerFiles
  let vocabularySize: Int
  let preTokenizer: String?
  var vocabulary: Vocabulary
  var conflicts: [VocabularyConflict] = []
  /// The file that decided each role, for conflicts.
  var deciders: [SpecialToken: String] = [:]

  init(files: TokenizerFiles, vocabularySize: Int, preTokenizer: String?) {
    self.files = files
    self.vocabularySize = vocabularySize
    self.preTokenizer = preTokenizer
    vocabulary = Vocabulary(kind: .sentencePiece)
    if let space = files.configuration?["add_prefix_space"], !space.isNull {
      vocabulary.addsSpacePrefix = space.isTruthy
    }
  }

  /// Whether `tokenizer.json` holds SentencePiece's pieces: BPE with byte fallback and a sequence of decoders.
  static func isSentencePieceLike(_ tokenizer: JSON) -> Bool {
    tokenizer["model"]?["type"]?.string == "BPE" && tokenizer["model"]?["byte_fallback"]?.bool == true
      && tokenizer["decoder"]?["type"]?.string == "Sequence"
  }

  /// What transformers puts around a text: `tokenizer.json` alone says so if it is there.
  func frame() -> TextFrame {
    if let tokenizer = files.tokenizer {
      return TextFrame(postProcessor: tokenizer["post_processor"]) { vocabulary.id(ofText: $0) }
    }
    func ids(_ role: SpecialToken) -> [Int] {
      guard files.configuration?["add_\(role.rawValue)_token"]?.bool == true else { return [] }
      let named = namedTokens.first { $0.name == "\(role.rawValue)_token" }?.value
      let text = named?.string ?? named?["content"]?.string
      return [text.flatMap { vocabulary.id(ofText: $0) }].compactMap { $0 }
    }
    return TextFrame(before: ids(.bos), behind: ids(.eos))
  }

  /// What follows from the size of the vocabulary alone.
  mutating func applyModelRules() {
    if vocabularySize == Vocabulary.infillTokenCount {
      let fromFile = files.model?["eot_token_id"]?.integer
      vocabulary.set(.eot, to: fromFile ?? Vocabulary.infillEndOfTurn)
    }
    if vocabularySize == Vocabulary.noStartTokenCount { vocabulary.startOverride = false }
  }
}

extension JSON {
  /// Python's notion of truth: everything but null, false, zero and what is empty.
  var isTruthy: Bool {
    switch self {
    case .null: false
    case .bool(let value): value
    case .number(let value): value.real != 0
    case .string(let value): !value.isEmpty
    case .array(let values): !values.isEmpty
    case .object(let members): !members.isEmpty
    }
  }
}
