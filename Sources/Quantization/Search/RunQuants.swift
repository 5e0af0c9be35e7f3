// The quants of 32 elements, for blocks that are stored after a search of sub-blocks.

/// Thirty-two quants of at most eight bits: byte k of lane i is element 8 · k + i.
struct RunQuants {
  private let words: Words

  private init(words: Words) { self.words = words }

  /// The quants of the elements from `offset` on, of which `quant` gets eight at a time with their index from 0 to 3.
  ///
  /// Quants must be integers from 0 to 255.
  @inline(__always)
  init(_ values: RawSpan, at offset: Int, _ quant: (_ index: Int, _ elements: Floats) -> Floats) {
    words = Words(bytes: { quant($0, values.floats(at: offset &+ $0 &* 32)).wholeWords })
  }

  /// The bits of `mask` of each quant.
  @inline(__always)
  func bits(_ mask: UInt32) -> Self { Self(words: words & Words(repeating: mask &* 0x0101_0101)) }

  /// The quants, moved up by bits that are free.
  @inline(__always)
  static func << (quants: Self, count: UInt32) -> Self { Self(words: quants.words &<< Words(repeating: count)) }

  /// The quants, moved down by bits that are zero.
  @inline(__always)
  static func >> (quants: Self, count: UInt32) -> Self { Self(words: quants.words &>> Words(repeating: count)) }

  @inline(__always)
  static func | (one: Self, other: Self) -> Self { Self(words: one.words | other.words) }

  /// The bytes of the elements in their order.
  @inline(__always)
  var ordered: Words {
    let (low, high) = (Self.transposed(words.lowHalf), Self.transposed(words.highHalf))
    return Words(low[0], high[0], low[1], high[1], low[2], high[2], low[3], high[3])
  }

  /// Lane k of the result has byte k of each lane.
  @inline(__always)
  private static func transposed(_ words: SIMD4<UInt32>) -> SIMD4<UInt32> {
    let byte = unsafeBitCast(words, to: SIMD16<UInt8>.self)
    return unsafeBitCast(
      SIMD16<UInt8>(
        byte[0], byte[4], byte[8], byte[12], byte[1], byte[5], byte[9], byte[13], byte[2], byte[6], byte[10], byte[14],
        byte[3], byte[7], byte[11], byte[15]), to: SIMD4<UInt32>.self)
  }
}
