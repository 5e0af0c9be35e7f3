import Tensors

// Floats of six and four bits, packed low bits first.
//
//   F6   0 ┊ a₅…a₀ in bits 5…0, b₁b₀ in 7…6 │ 1 ┊ b₅…b₂ in 3…0, c₃…c₀ in 7…4 │ 2 ┊ c₅c₄ in 1…0, d₅…d₀ in 7…2 │ 3
//   F4   0 ┊ a in bits 3…0, b in 7…4 │ 1

/// Four elements in three bytes, with a table of 64 floats.
protocol SixBitFloat: RowDecoder {
  static var values: [Float] { get }
}

extension SixBitFloat {
  static func decode(_ bytes: RawSpan, into values: inout MutableRawSpan) {
    let table = Self.values
    for group in 0..<bytes.byteCount / 3 {
      var bits = 0
      for byteIndex in 0..<3 {
        bits |= Int(bytes.unsafeLoadUnaligned(fromByteOffset: group * 3 + byteIndex, as: UInt8.self)) << (8 * byteIndex)
      }
      for element in 0..<4 {
        let pattern = (bits >> (6 * element)) & 63
        values.storeBytes(of: table[pattern], toByteOffset: (group * 4 + element) * 4, as: Float.self)
      }
    }
  }
}

enum F6_E2M3: SixBitFloat {
  static let values = Minifloat.e2m3.values
}

enum F6_E3M2: SixBitFloat {
  static let values = Minifloat.e3m2.values
}

/// E2M1: 0, ½, 1, 1½, 2, 3, 4, 6 and their negatives.
enum F4: RowDecoder {
  static let values = Minifloat.e2m1.values

  static func decode(_ bytes: RawSpan, into values: inout MutableRawSpan) {
    let table = Self.values
    for index in 0..<bytes.byteCount {
      let pair = Int(bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt8.self))
      values.storeBytes(of: table[pair & 15], toByteOffset: index * 8, as: Float.self)
      values.storeBytes(of: table[pair >> 4], toByteOffset: index * 8 + 4, as: Float.self)
    }
  }
}
