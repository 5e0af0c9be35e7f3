// IQ3_XXS and IQ3_S: 256 elements to a block, 3.0625 and 3.4375 bits per element. Four elements choose a row of a grid
// (Grids.swift) and have signs; 32 share a scale of four bits.
//
//   IQ3_XXS   0 ┊ scale f16 │ 2 ┊ rows 64 × u8 │ 66 ┊ 8 × u32 (4 × 7 signs of 8 elements, bits 31…28 scale of 32) │ 98
//   IQ3_S     0 ┊ scale f16 │ 2 ┊ rows' low bits 64 × u8 │ 66 ┊ bit 8 of 64 rows, low bits first │ 74 ┊ signs 32 × u8 │
//           106 ┊ 4 × (2 scales of 32, low nibble first) │ 110
//
// Of seven signs the eighth makes the count of minuses even.
// IQ3_XXS: w = (scale · (½ + small scale) · ½) · ±level.  IQ3_S: w = (scale · (1 + 2 · small scale)) · ±level
// Same floats as ggml-quants.c `dequantize_row_iq3_xxs`, `dequantize_row_iq3_s` (llama.cpp 0c1e57098).

enum IQ3_XXS: BlockDecoder {
  enum Reference: ReferenceDecoder {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 98

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 0)
      return (0..<64).flatMap { group in
        let signs = block.word(at: 66 + group / 8 * 4)
        let eight = GridSigns.completed(signs >> UInt32(group / 2 % 4 * 7))
        return gridNumbers(
          Grid.iq3_XXS[Int(block[2 + group])], count: 4, signs: eight >> UInt8(group % 2 * 4),
          scale: scale * (0.5 + Float(signs >> 28)) * 0.5)
      }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let scale = bytes.half(at: source)
    let grid = Grid.iq3_XXS
    for pair in 0..<32 {
      let signs = bytes.word(at: source &+ 66 &+ (pair &>> 2) &* 4)
      let low = grid[Int(bytes.byte(at: source &+ 2 &+ pair &* 2))]
      let high = grid[Int(bytes.byte(at: source &+ 3 &+ pair &* 2))]
      values.storeGrid(
        low | high &<< 32, signs: GridSigns.completed(signs &>> UInt32(truncatingIfNeeded: (pair & 3) &* 7)),
        by: scale * (0.5 + Float(signs &>> 28)) * 0.5, at: destination &+ pair &* 32)
    }
  }
}

enum IQ3_S: BlockDecoder {
  enum Reference: ReferenceDecoder {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 110

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 0)
      return (0..<64).flatMap { group in
        let high = (block[66 + group / 8] >> UInt8(group % 8)) & 1
        let nibble = (block[106 + group / 16] >> UInt8(group / 8 % 2 * 4)) & 15
        return gridNumbers(
          Grid.iq3_S[Int(block[2 + group]) | Int(high) << 8], count: 4,
          signs: block[74 + group / 2] >> UInt8(group % 2 * 4), scale: scale * Float(1 + 2 * Int(nibble)))
      }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let scale = bytes.half(at: source)
    let grid = Grid.iq3_S
    for pair in 0..<32 {
      let highBits = Int(bytes.byte(at: source &+ 66 &+ pair &>> 2)) &>> ((pair & 3) &* 2)
      let nibble = Int(bytes.byte(at: source &+ 106 &+ pair &>> 3)) &>> (pair & 4) & 15
      let low = grid[Int(bytes.byte(at: source &+ 2 &+ pair &* 2)) | (highBits & 1) &<< 8]
      let high = grid[Int(bytes.byte(at: source &+ 3 &+ pair &* 2)) | (highBits & 2) &<< 7]
      values.storeGrid(
        low | high &<< 32, signs: bytes.byte(at: source &+ 74 &+ pair), by: scale * Float(1 &+ 2 &* nibble),
        at: destination &+ pair &* 32)
    }
  }
}
