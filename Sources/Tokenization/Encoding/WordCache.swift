import Tensors

/// The ids of the words of one text, up to a number of words.
struct WordCache {
  private static let limit = 1 << 16
  private var known: [ByteString: [UInt32]] = [:]

  /// The ids of `word`, which `encode` is asked for once.
  mutating func ids(of word: ByteString, _ encode: (ByteString) -> [UInt32]) -> [UInt32] {
    if let ids = known[word] { return ids }
    let ids = encode(word)
    if known.count < Self.limit { known[word] = ids }
    return ids
  }
}
