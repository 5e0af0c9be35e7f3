import Bytes
import Tensors

// SentencePiece pieces of a tokenizer.json whose merges a GGUF keeps (Gemma 4). Tokens, scores and types are those of the
// reference converter's general reader; some control tokens are user-defined, and BOS is always added.

extension HuggingFaceVocabularyReader {
  mutating func readMergedPieces(_ tokenizer: JSON) throws(VocabularyError) {
    vocabulary = Vocabulary(kind: .mergedPieces)
    try readAsReference(tokenizer)
    for id in vocabulary.tokens.indices where rules.shownTokens.contains(vocabulary.tokens.text(id)) {
      vocabulary.types[id] = .userDefined
    }
    vocabulary.ignoresMerges = false
    vocabulary.spacePrefix = .never
    vocabulary.addsBOSOverride = true
    reportUnusedSteps(tokenizer)
    guard let statedSize, departsFromReference, vocabulary.count < statedSize else { return }
    departures.append(.paddedRows)
    while vocabulary.count < statedSize {
      vocabulary.append("[PAD\(vocabulary.count)]".utf8, score: Self.paddingScore, type: .unused)
    }
  }
}
