import Tensors

/// Encodes text to token ids and decodes ids to text.
///
/// The ids are those of the program that reads the container (`Vocabulary.reader`): transformers' `AutoTokenizer` for a
/// folder, llama.cpp for a GGUF.
public struct Tokenizer: Sendable {
  public let vocabulary: Vocabulary
  let encoder: any TextEncoder

  /// Indexes the tokens and ranks the merges.
  ///
  /// - Throws: `.unknownPreTokenizerName` for a byte-level vocabulary whose pre-tokenizer is unknown.
  public init(_ vocabulary: Vocabulary) throws(VocabularyError) {
    self.vocabulary = vocabulary
    encoder =
      switch vocabulary.reader {
      case .transformers, .sentencePiece: try TransformersEncoder(vocabulary)
      case .llamaCpp: try LlamaCppEncoder(vocabulary)
      }
  }

  /// Encodes with `encoder` in place of the one that the vocabulary has.
  init(_ vocabulary: Vocabulary, encoder: any TextEncoder) {
    self.vocabulary = vocabulary
    self.encoder = encoder
  }

  /// Whether encoding adds the special tokens that the vocabulary adds by default, such as BOS.
  public enum SpecialTokens: Sendable { case add, omit }

  /// The ids of `text`.
  ///
  /// - Parameters:
  ///   - specialTokens: whether to add the tokens that the vocabulary adds by default, such as BOS.
  ///   - matching: whether the texts of special tokens become these tokens.
  /// - Complexity: O(n log n) for n bytes of text.
  public func encode(
    _ text: String, specialTokens: SpecialTokens = .add, matching: SpecialTokenMatching = .matched
  ) -> [Int] {
    var result: [UInt32] = []
    encoder.encode(Array(text.utf8), TextEncoderOptions(matching: matching), into: &result)
    let encoded = result.map { Int($0) }
    guard specialTokens == .add else { return encoded }
    let template = vocabulary.effectiveTemplate
    return template.prefix + encoded + template.suffix
  }
}

/// What becomes of the texts of special tokens in a text.
public enum SpecialTokenMatching: Sendable, Hashable {
  /// They become these tokens.
  case matched
  /// They are encoded as any other text; user-defined tokens are matched all the same.
  case plainText
}

/// Encodes text by the rules of one reader.
protocol TextEncoder: Sendable {
  /// Appends the ids of `bytes`, which are UTF-8, without the tokens around a prompt.
  func encode(_ bytes: [UInt8], _ options: TextEncoderOptions, into result: inout [UInt32])
}

/// How text is encoded.
struct TextEncoderOptions {
  var matching = SpecialTokenMatching.matched
  /// Whether the bytes begin a text, instead of following other bytes of it.
  var beginsText = true
}
