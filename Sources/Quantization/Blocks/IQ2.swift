// IQ2_XXS, IQ2_XS and IQ2_S: 256 elements per block, 2.0625, 2.3125 and 2.5625 bits per element. Each eight elements
// have a row of a grid (Grids.swift) and signs; 32 or 16 share a scale of four bits.
//
//   IQ2_XXS   0 ┊ scale f16 │ 2 ┊ 8 × (4 rows u8, u32: 4 × 7 signs, bits 31…28 scale of 32) │ 66
//   IQ2_XS    0 ┊ scale f16 │ 2 ┊ 32 × u16 (row in bits 8…0, 7 signs) │ 66 ┊ 8 × (2 scales of 16, low nibble first) │ 74
//   IQ2_S     0 ┊ scale f16 │ 2 ┊ rows' low bits 32 × u8 │ 34 ┊ signs 32 × u8 │
//            66 ┊ 8 × (bits 9…8 of 4 rows, low bits first) │ 74 ┊ scales as in IQ2_XS │ 82
//
// The eighth sign follows from the seven: the number of minus signs is even.
// w = (scale · (½ + small scale) · ¼) · ±level
//
// Encoding: the best scale, signs and rows of each 32 or 16 by GridSearch.swift. The greatest of these scales becomes
// 31/2 of the block's, the others are rounded to odd halves. IQ2_XXS and IQ2_XS are only encoded with an importance
// matrix.
// Same bytes as ggml-quants.c `quantize_row_{iq2_xxs,iq2_xs,iq2_s}_impl`, same floats as `dequantize_row_{iq2_xxs,iq2_xs,iq2_s}`
// (llama.cpp 0c1e57098).

/// Stores sixteen scales, two per byte.
@inline(__always)
private func packNibblePairs(
  _ scales: InlineArray<16, UInt8>, into bytes: inout MutableRawSpan, at destination: Int
) {
  for pair in 0..<8 {
    bytes.store(scales[pair &* 2] | scales[pair &* 2 &+ 1] &<< 4, at: destination &+ pair)
  }
}

/// The scale of 16 or 32 elements.
@inline(__always)
private func scaled(_ scale: Float, _ nibble: UInt32) -> Float { scale * (0.5 + Float(nibble)) * 0.25 }

enum IQ2_XXS: GridEncoder {
  enum Reference: GridReference {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 66

    static let levelCount = 3
    static let elementCount = 32
    static var lattice: GridLattice { Grid.Lattice.iq2_XXS }
    static var search: GridSearch {
      GridSearch(
        signs: .seven, plainWeight: .none, renewal: .all,
        varianceFactor: 1, negligible: negligibleMagnitude, tryCount: 6, step: 0.1, startsWithPositiveSearch: true,
        scaleFactor: 1, clearsZeroBlocks: true)
    }

    static func pack(_ block: GridBlock, into bytes: inout MutableRawSpan, at destination: Int) {
      bytes.store(block.scaleBits, at: destination)
      for run in 0..<8 {
        var rows: UInt32 = 0
        var signs = UInt32(block.scales[run]) &<< 28
        for place in 0..<4 {
          rows |= UInt32(block.rows[run &* 4 &+ place]) &<< UInt32(truncatingIfNeeded: place &* 8)
          signs |= UInt32(block.signs[run &* 4 &+ place]) &<< UInt32(truncatingIfNeeded: place &* 7)
        }
        bytes.store(rows, at: destination &+ 2 &+ run &* 8)
        bytes.store(signs, at: destination &+ 6 &+ run &* 8)
      }
    }

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

enum IQ2_XS: GridEncoder {
  enum Reference: GridReference {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 74

    static let levelCount = 3
    static let elementCount = 16
    static var lattice: GridLattice { Grid.Lattice.iq2_XS }
    static var search: GridSearch {
      GridSearch(
        signs: .seven, plainWeight: .none, renewal: .off,
        varianceFactor: 1, negligible: negligibleMagnitude, tryCount: 9, step: 0.1, startsWithPositiveSearch: false,
        scaleFactor: 1, clearsZeroBlocks: true)
    }

    static func pack(_ block: GridBlock, into bytes: inout MutableRawSpan, at destination: Int) {
      bytes.store(block.scaleBits, at: destination)
      for group in 0..<32 {
        bytes.store(block.rows[group] | UInt16(block.signs[group]) &<< 9, at: destination &+ 2 &+ group &* 2)
      }
      packNibblePairs(block.scales, into: &bytes, at: destination &+ 66)
    }

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

enum IQ2_S: GridEncoder {
  enum Reference: GridReference {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 82

    static let levelCount = 3
    static let elementCount = 16
    static var lattice: GridLattice { Grid.Lattice.iq2_S }
    static var search: GridSearch {
      GridSearch(
        signs: .eight, plainWeight: .raisedSquare, renewal: .off,
        varianceFactor: 2, negligible: 1e-8, tryCount: 9, step: 0.1, startsWithPositiveSearch: false,
        scaleFactor: 0.9875, clearsZeroBlocks: false)
    }

    static func pack(_ block: GridBlock, into bytes: inout MutableRawSpan, at destination: Int) {
      bytes.store(block.scaleBits, at: destination)
      for run in 0..<8 {
        var high: UInt8 = 0
        for place in 0..<4 {
          let group = run &* 4 &+ place
          bytes.store(UInt8(truncatingIfNeeded: block.rows[group]), at: destination &+ 2 &+ group)
          bytes.store(block.signs[group], at: destination &+ 34 &+ group)
          high |= UInt8(truncatingIfNeeded: block.rows[group] &>> 8) &<< UInt8(truncatingIfNeeded: place &* 2)
        }
        bytes.store(high, at: destination &+ 66 &+ run)
      }
      packNibblePairs(block.scales, into: &bytes, at: destination &+ 74)
    }

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
