// IQ3_XXS and IQ3_S: 256 elements per block, 3.0625 and 3.4375 bits per element. Each four elements have a row of a
// grid (Grids.swift) and signs; 32 share a scale of four bits.
//
//   IQ3_XXS   0 ┊ scale f16 │ 2 ┊ rows 64 × u8 │ 66 ┊ 8 × u32 (4 × 7 signs of 8 elements, bits 31…28 scale of 32) │ 98
//   IQ3_S     0 ┊ scale f16 │ 2 ┊ rows' low bits 64 × u8 │ 66 ┊ bit 8 of 64 rows, low bits first │ 74 ┊ signs 32 × u8 │
//           106 ┊ 4 × (2 scales of 32, low nibble first) │ 110
//
// The eighth sign follows from the seven: the number of minus signs is even.
// IQ3_XXS: w = (scale · (½ + small scale) · ½) · ±level.  IQ3_S: w = (scale · (1 + 2 · small scale)) · ±level
//
// Encoding: the best scale, signs and rows of each 32 by GridSearch.swift. The greatest of these scales becomes 31, the
// others are rounded to odd numbers. In IQ3_S a sub-block of zeros takes no space in the rows' low bits and the signs:
// later ones move forward, as in ggml, and such a block does not decode to the values that were encoded.
// Same bytes as ggml-quants.c `quantize_row_iq3_xxs_impl`, `quantize_row_iq3_s_impl`, same floats as `dequantize_row_iq3_xxs`,
// `dequantize_row_iq3_s` (llama.cpp 0c1e57098).

enum IQ3_XXS: GridEncoder {
  enum Reference: GridReference {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 98

    static let levelCount = 8
    static let elementCount = 32
    static var lattice: GridLattice { Grid.Lattice.iq3_XXS }
    static var search: GridSearch {
      GridSearch(
        signs: .seven, plainWeight: .square, renewal: .off,
        varianceFactor: 2, negligible: 1e-8, tryCount: 15, step: 0.2, startsWithPositiveSearch: false,
        scaleFactor: 1.0125, clearsZeroBlocks: true)
    }

    static func pack(_ block: GridBlock, into bytes: inout MutableRawSpan, at destination: Int) {
      bytes.store(block.scaleBits, at: destination)
      for group in 0..<64 {
        bytes.store(UInt8(truncatingIfNeeded: block.rows[group]), at: destination &+ 2 &+ group)
      }
      for run in 0..<8 {
        var signs = UInt32(block.scales[run]) &<< 28
        for place in 0..<4 {
          signs |= UInt32(block.signs[run &* 4 &+ place]) &<< UInt32(truncatingIfNeeded: place &* 7)
        }
        bytes.store(signs, at: destination &+ 66 &+ run &* 4)
      }
    }

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

enum IQ3_S: GridEncoder {
  enum Reference: GridReference {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 110

    static let levelCount = 8
    static let elementCount = 32
    static var lattice: GridLattice { Grid.Lattice.iq3_S }
    static var search: GridSearch {
      GridSearch(
        signs: .eight, plainWeight: .square, renewal: .allIfOneOff,
        varianceFactor: 2, negligible: .leastNonzeroMagnitude, tryCount: 9, step: 0.2, startsWithPositiveSearch: false,
        scaleFactor: 1.033, clearsZeroBlocks: false)
    }

    static func pack(_ block: GridBlock, into bytes: inout MutableRawSpan, at destination: Int) {
      bytes.store(block.scaleBits, at: destination)
      for index in 2..<110 { bytes.store(0 as UInt8, at: destination &+ index) }
      var place = 0
      for run in 0..<8 where block.isFound[run] {
        var high: UInt8 = 0
        for index in 0..<8 {
          let row = block.rows[run &* 8 &+ index]
          bytes.store(UInt8(truncatingIfNeeded: row), at: destination &+ 2 &+ place &* 8 &+ index)
          high |= UInt8(truncatingIfNeeded: row &>> 8) &<< UInt8(truncatingIfNeeded: index)
        }
        for index in 0..<4 {
          bytes.store(block.signs[run &* 4 &+ index], at: destination &+ 74 &+ place &* 4 &+ index)
        }
        bytes.store(high, at: destination &+ 66 &+ run)
        place &+= 1
      }
      for pair in 0..<4 {
        bytes.store(
          block.scales[pair &* 2] | block.scales[pair &* 2 &+ 1] &<< 4, at: destination &+ 106 &+ pair)
      }
    }

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
