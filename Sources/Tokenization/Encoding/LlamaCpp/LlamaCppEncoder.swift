import Tensors

/// Encodes text as llama.cpp does for the metadata of a GGUF (`llama_vocab::impl::tokenize`).
///
/// Special tokens are cut out first; every segment between them is encoded by the algorithm of the vocabulary's kind.
struct LlamaCppEncoder: TextEncoder {
  private let specialTokens: SpecialTokenPartition
  private let algorithm: any LlamaCppAlgorithm

  /// Indexes the tokens.
  ///
  /// - Throws: `.unknownPreTokenizerName` for a byte-level vocabulary whose pre-tokenizer is unknown.
  init(_ vocabulary: Vocabulary) throws(VocabularyError) {
    specialTokens = SpecialTokenPartition(vocabulary)
    let ids = vocabulary.lastIDsByText()
    algorithm =
      switch vocabulary.kind {
      case .sentencePiece: ScoredPieces(vocabulary, ids: ids)
      case .mergedPieces: MergedPieces(vocabulary, ids: ids)
      case .byteLevel: try ByteLevelWords(vocabulary, ids: ids)
      case .wordPiece: LongestPieces(vocabulary, ids: ids)
      case .unigram: UnigramText(vocabulary)
      }
  }

  func encode(_ bytes: [UInt8], _ options: TextEncoderOptions, into result: inout [UInt32]) {
    var followsToken = options.beginsText
    specialTokens.segments(of: bytes, options.matching) { segment in
      switch segment {
      case .token(let id):
        result.append(UInt32(truncatingIfNeeded: id))
        followsToken = true
      case .text(let range):
        algorithm.encode(bytes[range], followsToken: followsToken, into: &result)
        followsToken = false
      }
    }
  }
}

/// The encoding of text without special tokens.
protocol LlamaCppAlgorithm: Sendable {
  /// Appends the ids of `text`.
  ///
  /// - Parameter followsToken: whether the text begins, or a special token comes before it.
  func encode(_ text: ArraySlice<UInt8>, followsToken: Bool, into result: inout [UInt32])
}

extension Vocabulary {
  /// The token of unknown text; llama.cpp has a default where the metadata names none.
  var llamaCppUnknownID: UInt32? {
    (id(of: .unk) ?? defaultID(of: .unk)).map { UInt32(truncatingIfNeeded: $0) }
  }

  /// The id of each token text, of all types; if a text occurs twice, the last one.
  fileprivate func lastIDsByText() -> [ByteString: Int] {
    var ids: [ByteString: Int] = [:]
    ids.reserveCapacity(count)
    for (id, text) in tokens.enumerated() { ids[ByteString(text)] = id }
    return ids
  }
}
