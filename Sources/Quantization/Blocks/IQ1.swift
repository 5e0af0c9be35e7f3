// IQ1_S and IQ1_M: 256 elements to a block, 1.5625 and 1.75 bits per element. Eight elements choose a row of a grid of −1, 0 and 1
// (Grids.swift), which a shift moves by an eighth up or down; 32 or 16 share a scale of three bits.
//
//   IQ1_S    0 ┊ scale f16 │ 2 ┊ rows' low bits 32 × u8 │
//           34 ┊ 8 × u16 (bits 10…8 of 4 rows, bits 14…12 scale of 32, bit 15 set: shift down) │ 50
//   IQ1_M    0 ┊ rows' low bits 32 × u8 │ 32 ┊ 16 × 2 nibbles (bits 10…8 of a row, bit 3 set: shift down) │
//           48 ┊ 4 × u16 (4 scales of 16, three bits each; bits 15…12 are a quarter of the block's scale f16, low ones first) │ 56
//
// w = (scale · (2 · small scale + 1)) · (level ± ⅛)
// Same floats as ggml-quants.c `dequantize_row_iq1_s`, `dequantize_row_iq1_m` (llama.cpp 0c1e57098).

private let shift: Float = 0.125

/// The levels of a row, shifted and scaled, in plain words.
private func shiftedNumbers(_ row: UInt64, _ shift: Float, scale: Float) -> [Float] {
  (0..<8).map { scale * (Float(Int(row >> UInt64(8 * $0) & 255) - 1) + shift) }
}

extension MutableRawSpan {
  /// Stores the eight levels of a row, shifted and scaled.
  @inline(__always)
  fileprivate mutating func storeShifted(_ row: UInt64, _ shift: Float, by scale: Float, at offset: Int) {
    let levels = Floats(unsafeBitCast(row, to: SIMD8<UInt8>.self)) - Floats(repeating: 1)
    store((levels + Floats(repeating: shift)) * Floats(repeating: scale), at: offset)
  }
}

enum IQ1_S: BlockDecoder {
  enum Reference: ReferenceDecoder {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 50

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 0)
      return (0..<32).flatMap { group in
        let run = Int(block[34 + group / 4 * 2]) | Int(block[35 + group / 4 * 2]) << 8
        let high = (run >> (group % 4 * 3)) & 7
        return shiftedNumbers(
          Grid.iq1[Int(block[2 + group]) | high << 8], run >> 15 == 1 ? -shift : shift,
          scale: scale * Float(2 * ((run >> 12) & 7) + 1))
      }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let scale = bytes.half(at: source)
    let grid = Grid.iq1
    for group in 0..<32 {
      let offset = source &+ 34 &+ (group &>> 2) &* 2
      let run = Int(bytes.byte(at: offset)) | Int(bytes.byte(at: offset &+ 1)) &<< 8
      let high = run &>> ((group & 3) &* 3) & 7
      values.storeShifted(
        grid[Int(bytes.byte(at: source &+ 2 &+ group)) | high &<< 8], run &>> 15 == 1 ? -shift : shift,
        by: scale * Float(2 &* (run &>> 12 & 7) &+ 1), at: destination &+ group &* 32)
    }
  }
}

enum IQ1_M: BlockDecoder {
  enum Reference: ReferenceDecoder {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 56

    static func decode(_ block: [UInt8]) -> [Float] {
      let words = (0..<4).map { UInt16(block[48 + $0 * 2]) | UInt16(block[49 + $0 * 2]) << 8 }
      let scale = Float(halfBits: (0..<4).reduce(0) { $0 | (words[$1] >> 12) << UInt16($1 * 4) })
      return (0..<32).flatMap { group in
        let nibble = (block[32 + group / 2] >> UInt8(group % 2 * 4)) & 15
        let small = (words[group / 8] >> UInt16(group / 2 % 4 * 3)) & 7
        return shiftedNumbers(
          Grid.iq1[Int(block[group]) | Int(nibble & 7) << 8], nibble >> 3 == 1 ? -shift : shift,
          scale: scale * Float(2 * small + 1))
      }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let words = bytes.unsafeLoadUnaligned(fromByteOffset: source &+ 48, as: UInt64.self)
    let scaleBits =
      (words &>> 12) & 0xF | (words &>> 24) & 0xF0 | (words &>> 36) & 0xF00 | (words &>> 48) & 0xF000
    let scale = Float(halfBits: UInt16(truncatingIfNeeded: scaleBits))
    let grid = Grid.iq1
    for group in 0..<32 {
      let nibble = Int(bytes.byte(at: source &+ 32 &+ group &>> 1)) &>> ((group & 1) &* 4) & 15
      let place = UInt64(truncatingIfNeeded: (group &>> 3) &* 16 &+ (group &>> 1 & 3) &* 3)
      values.storeShifted(
        grid[Int(bytes.byte(at: source &+ group)) | (nibble & 7) &<< 8], nibble &>> 3 == 1 ? -shift : shift,
        by: scale * Float(2 &* Int((words &>> place) & 7) &+ 1), at: destination &+ group &* 32)
    }
  }
}
