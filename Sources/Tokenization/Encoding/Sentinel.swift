import Tensors

/// T5's sentinels for a span of text that was left out. Their ids follow the pieces, the last one first.
enum Sentinel {
  /// The number of sentinels in a T5 vocabulary unless its files say otherwise.
  static let count = 100

  /// The text of sentinel `index`.
  static func text(_ index: Int) -> String { "<extra_id_\(index)>" }
}

extension Vocabulary {
  /// The sentinels in the padding rows after the pieces of a unigram vocabulary.
  ///
  /// A GGUF has no texts for these rows. Where there are enough of them, they are T5's.
  func sentinelTokens() -> [AddedToken] {
    // T5 begins no text with a token, fairseq's models do.
    guard kind == .unigram, adds(.bos) != true, let last = types.lastIndex(where: { $0 != .unused }),
      count - last - 1 >= Sentinel.count
    else { return [] }
    return (0..<Sentinel.count).reversed().map { index in
      AddedToken(id: last + Sentinel.count - index, text: Sentinel.text(index), options: .special)
    }
  }
}
