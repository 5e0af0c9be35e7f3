import Tensors

/// SentencePiece pieces merged by rank within runs of new lines and of other text (`llm_tokenizer_bpe_session`, pre-tokenizer
/// `gemma4`).
///
/// A run of new lines that is a token becomes that token. A scalar without a token becomes its bytes.
struct MergedPieces: LlamaCppAlgorithm {
  private let ids: [ByteString: Int]
  private let merges: MergeTable
  private let byteIDs: [UInt32?]

  private static let newLine: UInt8 = 0x0A

  init(_ vocabulary: Vocabulary, ids: [ByteString: Int]) {
    self.ids = ids
    merges = MergeTable(vocabulary.rankedMerges(ids: ids))
    byteIDs = (UInt8.min...UInt8.max).map { byte in
      ids[ByteString(SentencePieceText.byteName(byte))].map { UInt32(truncatingIfNeeded: $0) }
    }
  }

  func encode(_ text: ArraySlice<UInt8>, followsToken: Bool, into result: inout [UInt32]) {
    let prepared = SentencePieceText.prepare(text, prefix: .never, isFirst: followsToken)
    var start = 0
    while start < prepared.count {
      let isLines = prepared[start] == Self.newLine
      let end = prepared[start...].firstIndex { ($0 == Self.newLine) != isLines } ?? prepared.count
      encodeRun(prepared[start..<end], isLines: isLines, into: &result)
      start = end
    }
  }

  private func encodeRun(_ run: ArraySlice<UInt8>, isLines: Bool, into result: inout [UInt32]) {
    if isLines, let id = ids[ByteString(run)] {
      result.append(UInt32(truncatingIfNeeded: id))
      return
    }
    var symbols: [UInt32] = []
    func closeSymbols() {
      merges.merge(&symbols)
      result += symbols
      symbols = []
    }
    var position = run.startIndex
    while position < run.endIndex {
      let length = min(SentencePieceText.scalarByteCount(run[position]), run.endIndex - position)
      let scalar = run[position..<position + length]
      position += length
      if let id = ids[ByteString(scalar)] {
        symbols.append(UInt32(truncatingIfNeeded: id))
      } else {
        // Nothing merges with a scalar that has no token, nor across it.
        closeSymbols()
        result += scalar.compactMap { byteIDs[Int($0)] }
      }
    }
    closeSymbols()
  }
}
