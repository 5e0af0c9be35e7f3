// IQ2_XXS, IQ2_XS and IQ2_S: 256 elements to a block, 2.0625, 2.3125 and 2.5625 bits per element. Eight elements choose a row of
// a grid (Grids.swift) and have signs; 32 or 16 share a scale of four bits.
//
//   IQ2_XXS   0 ┊ scale f16 │ 2 ┊ 8 × (4 rows u8, u32: 4 × 7 signs, bits 31…28 scale of 32) │ 66
//   IQ2_XS    0 ┊ scale f16 │ 2 ┊ 32 × u16 (row in bits 8…0, 7 signs) │ 66 ┊ 8 × (2 scales of 16, low nibble first) │ 74
//   IQ2_S     0 ┊ scale f16 │ 2 ┊ rows' low bits 32 × u8 │ 34 ┊ signs 32 × u8 │
//            66 ┊ 8 × (bits 9…8 of 4 rows, low bits first) │ 74 ┊ scales as in IQ2_XS │ 82
//
// Of seven signs the eighth makes the count of minuses even.
// w = (scale · (½ + small scale) · ¼) · ±level
// Same floats as ggml-quants.c `dequantize_row_{iq2_xxs,iq2_xs,iq2_s}` (llama.cpp 0c1e57098).

/// The scale of 16 or 32 elements.
@inline(__always)
private func scaled(_ scale: Float, _ nibble: UInt32) -> Float { scale * (0.5 + Float(nibble)) * 0.25 }

enum IQ2_XXS: BlockDecoder {
  enum Reference: ReferenceDecoder {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 66

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 0)
      return (0..<32).flatMap { group in
        let run = 2 + group / 4 * 8
        let signs = block.word(at: run + 4)
        return gridNumbers(
          Grid.iq2_XXS[Int(block[run + group % 4])], count: 8,
          signs: GridSigns.completed(signs >> UInt32(group % 4 * 7)), scale: scaled(scale, signs >> 28))
      }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let scale = bytes.half(at: source)
    let grid = Grid.iq2_XXS
    for run in 0..<8 {
      let signs = bytes.word(at: source &+ 2 &+ run &* 8 &+ 4)
      let runScale = scaled(scale, signs &>> 28)
      for place in 0..<4 {
        values.storeGrid(
          grid[Int(bytes.byte(at: source &+ 2 &+ run &* 8 &+ place))],
          signs: GridSigns.completed(signs &>> UInt32(truncatingIfNeeded: place &* 7)), by: runScale,
          at: destination &+ run &* 128 &+ place &* 32)
      }
    }
  }
}

enum IQ2_XS: BlockDecoder {
  enum Reference: ReferenceDecoder {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 74

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 0)
      return (0..<32).flatMap { group in
        let quant = UInt32(block[2 + group * 2]) | UInt32(block[3 + group * 2]) << 8
        let nibble = (block[66 + group / 4] >> UInt8(group / 2 % 2 * 4)) & 15
        return gridNumbers(
          Grid.iq2_XS[Int(quant & 511)], count: 8, signs: GridSigns.completed(quant >> 9),
          scale: scaled(scale, UInt32(nibble)))
      }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let scale = bytes.half(at: source)
    let grid = Grid.iq2_XS
    for group in 0..<32 {
      let quant =
        UInt32(bytes.byte(at: source &+ 2 &+ group &* 2)) | UInt32(bytes.byte(at: source &+ 3 &+ group &* 2)) &<< 8
      let nibbles = UInt32(bytes.byte(at: source &+ 66 &+ group &>> 2))
      values.storeGrid(
        grid[Int(quant & 511)], signs: GridSigns.completed(quant &>> 9),
        by: scaled(scale, (nibbles &>> UInt32(truncatingIfNeeded: (group & 2) &* 2)) & 15),
        at: destination &+ group &* 32)
    }
  }
}

enum IQ2_S: BlockDecoder {
  enum Reference: ReferenceDecoder {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 82

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 0)
      return (0..<32).flatMap { group in
        let high = (block[66 + group / 4] >> UInt8(group % 4 * 2)) & 3
        let nibble = (block[74 + group / 4] >> UInt8(group / 2 % 2 * 4)) & 15
        return gridNumbers(
          Grid.iq2_S[Int(block[2 + group]) | Int(high) << 8], count: 8, signs: block[34 + group],
          scale: scaled(scale, UInt32(nibble)))
      }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let scale = bytes.half(at: source)
    let grid = Grid.iq2_S
    for group in 0..<32 {
      let highBits = Int(bytes.byte(at: source &+ 66 &+ group &>> 2)) &>> ((group & 3) &* 2) & 3
      let nibbles = UInt32(bytes.byte(at: source &+ 74 &+ group &>> 2))
      values.storeGrid(
        grid[Int(bytes.byte(at: source &+ 2 &+ group)) | highBits &<< 8], signs: bytes.byte(at: source &+ 34 &+ group),
        by: scaled(scale, (nibbles &>> UInt32(truncatingIfNeeded: (group & 2) &* 2)) & 15),
        at: destination &+ group &* 32)
    }
  }
}
