import Tensors

/// Byte-level pieces merged by rank within the words of llama.cpp's pre-tokenizer (`llm_tokenizer_bpe_session`).
///
/// Text is neither composed nor prefixed with a space, even if the model's own tokenizer does so.
struct ByteLevelWords: LlamaCppAlgorithm {
  private let ids: [ByteString: Int]
  private let merges: MergeTable
  private let splitter: CompiledPreTokenizer
  private let ignoresMerges: Bool
  private let byteIDs: [UInt32?]

  init(_ vocabulary: Vocabulary, ids: [ByteString: Int]) throws(VocabularyError) {
    guard let rules = PreTokenizer.named(vocabulary.preTokenizer) else {
      throw .unknownPreTokenizerName(vocabulary.preTokenizer)
    }
    self.ids = ids
    splitter = try CompiledPreTokenizer(rules.steps(for: .llamaCpp))
    ignoresMerges = rules.ignoresMerges
    merges = MergeTable(vocabulary.rankedMerges(ids: ids))
    byteIDs = ByteLevel.scalars.map { ids[ByteString(String($0))].map { UInt32(truncatingIfNeeded: $0) } }
  }

  func encode(_ text: ArraySlice<UInt8>, followsToken: Bool, into result: inout [UInt32]) {
    var cache = WordCache()
    splitter.words(of: text) { result += cache.ids(of: ByteString($0), encodeWord) }
  }

  private func encodeWord(_ word: ByteString) -> [UInt32] {
    if ignoresMerges, let id = ids[ByteString(ByteLevel.encode(word.bytes))] {
      return [UInt32(truncatingIfNeeded: id)]
    }
    var encoded: [UInt32] = []
    var run: [UInt32] = []
    func closeRun() {
      merges.merge(&run)
      encoded += run
      run = []
    }
    // A byte without a token is left out, but nothing merges across it.
    for byte in word.bytes {
      if let id = byteIDs[Int(byte)] { run.append(id) } else { closeRun() }
    }
    closeRun()
    return encoded
  }
}
