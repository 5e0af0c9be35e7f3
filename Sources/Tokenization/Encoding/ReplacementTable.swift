// SentencePiece's compiled normalization, little-endian:
//
//   0 ┊ byte count of the trie u32 │ 4 ┊ trie: units u32 │ 4 + count ┊ replacements, each UTF-8 ended by NUL
//
// A unit of the trie (a double array, as Darts-clone writes it):
//   bits 0-7 label │ 8 has a leaf │ 9 the offset is shifted by 8 │ 10-31 offset          bit 31 set: a leaf's value

/// SentencePiece's compiled table of text replacements.
struct ReplacementTable: Sendable {
  private let units: [UInt32]
  private let replacements: [UInt8]

  /// The table in `bytes`; nil if there is none.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 4 else { return nil }
    func word(_ offset: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
    }
    let size = Int(word(0))
    guard size >= 4, size <= bytes.count - 4 else { return nil }
    units = stride(from: 4, to: 4 + size / 4 * 4, by: 4).map(word)
    replacements = Array(bytes[(4 + size)...])
  }

  /// A cluster of scalars is looked up whole if it has fewer bytes than this, otherwise scalar by scalar.
  private static let clusterByteLimit = 6

  /// The text with each cluster or scalar of the table replaced.
  func replacing(_ text: String) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.utf8.count)
    for character in text {
      let cluster = Array(character.utf8)
      if cluster.count < Self.clusterByteLimit, let replacement = replacement(cluster) {
        result += replacement
        continue
      }
      for scalar in character.unicodeScalars {
        let bytes = Array(String(scalar).utf8)
        result += replacement(bytes).map(Array.init) ?? bytes
      }
    }
    return result
  }

  /// The replacement of the shortest key that begins `bytes`.
  private func replacement(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
    var shortest: Int?
    forEachKey(beginning: bytes) { value, _ in
      shortest = value
      return false
    }
    return shortest.flatMap(text)
  }

  /// The replacement of the longest key that begins `bytes`, and the bytes of that key; nil if there is none.
  func longest(_ bytes: ArraySlice<UInt8>) -> (ArraySlice<UInt8>, byteCount: Int)? {
    var longest: (value: Int, byteCount: Int)?
    forEachKey(beginning: bytes) {
      longest = ($0, $1)
      return true
    }
    return longest.flatMap { longest in text(at: longest.value).map { ($0, longest.byteCount) } }
  }

  /// Calls `body` with each key that begins `bytes`, the shortest first, until it returns false.
  private func forEachKey(
    beginning bytes: some Sequence<UInt8>, _ body: (_ value: Int, _ byteCount: Int) -> Bool
  ) {
    guard let root = units.first else { return }
    var position = Self.offset(root)
    for (index, byte) in bytes.enumerated() {
      guard byte != 0 else { return }
      position ^= Int(byte)
      guard units.indices.contains(position) else { return }
      let unit = units[position]
      guard unit & (1 << 31 | 0xFF) == UInt32(byte) else { return }
      position ^= Self.offset(unit)
      guard unit >> 8 & 1 != 0 else { continue }
      guard units.indices.contains(position), body(Int(units[position] & ~(1 << 31)), index + 1) else { return }
    }
  }

  /// The replacement that begins at `value`.
  private func text(at value: Int) -> ArraySlice<UInt8>? {
    guard value < replacements.count else { return nil }
    return replacements[value..<(replacements[value...].firstIndex(of: 0) ?? replacements.count)]
  }

  private static func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 1 << 9) >> 6) }
}
