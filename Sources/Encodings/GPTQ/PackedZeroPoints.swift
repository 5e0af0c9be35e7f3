import Tensors

/// How a zero point is stored in its field of b bits.
enum ZeroPointStorage: Hashable, Sendable {
  /// As it is: `gptq_v2`, AWQ.
  case plain
  /// Less 1: `gptq`. Of 0 the field has 2^b − 1.
  ///
  /// GPTQModel and AutoRound subtract 1 from every field of a word in one subtraction, which for 2, 4 and 8 bits borrows
  /// from the next field below 0; adding the same number back is the inverse. Of 3 bits each field is reduced by itself.
  case lessOne

  /// The stored field of the zero point of symmetric codes, 2^(b−1).
  func symmetricField(bitCount: Int) -> UInt32 {
    let zero = UInt32(1) << UInt32(bitCount - 1)
    return self == .plain ? zero : zero - 1
  }
}

/// Zero points of a group, packed along the row: field n has bits bn … bn + b − 1 of the row's words, lowest first.
struct PackedZeroPoints: Hashable, Sendable {
  let tensor: TensorDescriptor
  let bitCount: Int
  let storage: ZeroPointStorage

  /// The words of a row of `fieldCount` fields.
  static func wordCount(fieldCount: Int, bitCount: Int) -> Int { (fieldCount * bitCount + 31) / 32 }

  /// The words that contain the fields.
  func words(of fields: Range<Int>) -> Range<Int> {
    fields.lowerBound * bitCount / 32..<(fields.upperBound * bitCount + 31) / 32
  }

  /// Returns the zero point of the field that begins at bit `bit` of a row of words.
  ///
  /// - Parameter words: words from byte `offset` on are the row.
  func point(atBit bit: Int, of words: RawSpan, from offset: Int) -> Int16 {
    let mask = UInt32(1) << UInt32(bitCount) - 1
    let start = offset + bit / 32 * 4, shift = UInt32(bit % 32)
    guard bitCount == 3 else {
      var word = words.word(start)
      if storage == .lessOne { word &+= UInt32.max / mask }
      return Int16(truncatingIfNeeded: word &>> shift & mask)
    }
    var field = words.word(start) &>> shift
    if shift > 29 { field |= words.word(start + 4) &<< (32 - shift) }
    if storage == .lessOne { field &+= 1 }
    return Int16(truncatingIfNeeded: field & mask)
  }

  /// Whether the first fields of a row are those of symmetric codes, stored as `storage` says.
  func areSymmetric(fieldCount: Int, of words: RawSpan) -> Bool {
    let plain = PackedZeroPoints(tensor: tensor, bitCount: bitCount, storage: .plain)
    let field = Int16(storage.symmetricField(bitCount: bitCount))
    return fieldCount > 0
      && (0..<fieldCount).allSatisfy { plain.point(atBit: $0 * bitCount, of: words, from: 0) == field }
  }
}
