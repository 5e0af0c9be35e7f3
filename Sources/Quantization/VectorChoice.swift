// Choices between vectors, lane by lane, by the bits of a mask.
//
// The standard library's `replacing(with:where:)` is a loop over lanes, of which the compiler makes choices of half vectors,
// and of sums that depend on them, too. These are one instruction, a minimum or maximum where they are one.

extension SIMD8 where Scalar == Float {
  /// The lanes of `other` where `mask` is set, the others of this vector.
  @inline(__always)
  func choosing(_ other: Self, where mask: SIMDMask<SIMD8<Int32>>) -> Self {
    Self(bits: words.choosing(other.words, where: mask))
  }
}

extension SIMD8 where Scalar == UInt32 {
  /// The lanes of `other` where `mask` is set, the others of this vector.
  @inline(__always)
  func choosing(_ other: Self, where mask: SIMDMask<SIMD8<Int32>>) -> Self {
    self ^ ((self ^ other) & unsafeBitCast(mask, to: Self.self))
  }
}

extension SIMD16 where Scalar == UInt8 {
  /// The lanes of `other` where `mask` is set, the others of this vector.
  @inline(__always)
  func choosing(_ other: Self, where mask: SIMDMask<SIMD16<Int8>>) -> Self {
    self ^ ((self ^ other) & unsafeBitCast(mask, to: Self.self))
  }
}
