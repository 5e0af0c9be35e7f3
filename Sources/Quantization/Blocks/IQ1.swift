// IQ1_S and IQ1_M: 256 elements per block, 1.5625 and 1.75 bits per element. Each eight elements have a row of a grid
// of −1, 0 and 1 (Grids.swift), shifted up or down by an eighth; 32 or 16 share a scale of three bits.
//
//   IQ1_S    0 ┊ scale f16 │ 2 ┊ rows' low bits 32 × u8 │
//           34 ┊ 8 × u16 (bits 10…8 of 4 rows, bits 14…12 scale of 32, bit 15 set: shift down) │ 50
//   IQ1_M    0 ┊ rows' low bits 32 × u8 │ 32 ┊ 16 × 2 nibbles (bits 10…8 of a row, bit 3 set: shift down) │
//           48 ┊ 4 × u16 (4 scales of 16, three bits each; bits 15…12 are a quarter of the block's scale f16, low ones first) │ 56
//
// w = (scale · (2 · small scale + 1)) · (level ± ⅛)
//
// Encoding: the best scale, shifts and rows of each 32 or 16 by SplitSearch.swift. The greatest of these scales becomes
// 15 of the block's, the others are rounded to odd numbers. IQ1_S stores the scale of the block times 1.125; IQ1_M
// recomputes it for all rows and stores it times 1.1125. IQ1_S is only encoded with an importance matrix.
// Same bytes as ggml-quants.c `quantize_row_iq1_s_impl`, `quantize_row_iq1_m_impl`, same floats as ggml-quants.c `dequantize_row_iq1_s`, `dequantize_row_iq1_m` (llama.cpp 0c1e57098).

private let shift: Float = 0.125

/// The levels of a row, shifted and scaled: scalar implementation.
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

enum IQ1_S: SplitEncoder {
  enum Reference: SplitReference {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 50

    static func encode(_ values: [Float], importance: [Float]?) -> [UInt8]? {
      let weights = SplitSearch.weights(values, importance: importance)
      var block = SplitBlock()
      var scales: [Float] = []
      for start in stride(from: 0, to: 256, by: 32) {
        guard
          let found = SplitSearch.search(
            values[start..<start + 32], weights[start..<start + 32], negligible: 1e-12, SplitSearch.search32)
        else { return nil }
        block.isDown[start / 32] = found.isDown.first == true
        for (group, row) in found.rows.enumerated() { block.rows[start / 8 + group] = UInt16(row) }
        scales.append(found.scale)
      }
      block.setScales(scales, factor: 1.125)
      return packed(block)
    }

    static func pack(_ block: SplitBlock, into bytes: inout MutableRawSpan, at destination: Int) {
      bytes.store(block.scale.halfBits, at: destination)
      for run in 0..<8 {
        var high = block.isDown[run] ? 0x8000 : 0 as UInt16
        for place in 0..<4 {
          let row = block.rows[run &* 4 &+ place]
          bytes.store(UInt8(truncatingIfNeeded: row), at: destination &+ 2 &+ run &* 4 &+ place)
          high |= (row &>> 8) &<< UInt16(truncatingIfNeeded: place &* 3)
        }
        bytes.store(high | UInt16(block.scales[run]) &<< 12, at: destination &+ 34 &+ run &* 2)
      }
    }

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

extension IQ1_S {
  @inline(__always)
  static func block(
    _ values: RawSpan, at source: Int, weights: InlineArray<256, Float>, _ finder: inout SplitRows
  ) -> SplitBlock? {
    let search = SplitLanes<32>(values, at: source, weights: weights)
    var block = SplitBlock()
    var scales = [Float](repeating: 0, count: 8)
    for run in 0..<8 {
      let offset = source &+ run &* 128
      guard values.greatestMagnitude(at: offset, count: 32) >= 1e-12, let split = search.split(run) else { continue }
      let isDown = (split.shift == 1) != (split.scale < 0)
      guard
        let scale = finder.find(
          values, at: offset, weights: weights.span, from: run &* 32, digits: search.digits(run, split),
          scale: abs(split.scale), isDown: isDown ? 0xF : 0, groupCount: 4, into: &block.rows, at: run &* 4)
      else { return nil }
      block.isDown[run] = isDown
      scales[run] = scale
    }
    block.setScales(scales, factor: 1.125)
    return block
  }
}

enum IQ1_M: SplitEncoder {
  enum Reference: SplitReference {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 56

    static func encode(_ values: [Float], importance: [Float]?) -> [UInt8]? {
      let weights = SplitSearch.weights(values, importance: importance)
      var block = SplitBlock()
      var scales: [Float] = []
      for start in stride(from: 0, to: 256, by: 16) {
        guard
          let found = SplitSearch.search(
            values[start..<start + 16], weights[start..<start + 16], negligible: 1e-7, SplitSearch.search16)
        else { return nil }
        for (group, isDown) in found.isDown.enumerated() { block.isDown[start / 8 + group] = isDown }
        for (group, row) in found.rows.enumerated() { block.rows[start / 8 + group] = UInt16(row) }
        scales.append(found.scale)
      }
      if block.setScales(scales, factor: 1) {
        var product: Float = 0
        var square: Float = 0
        for index in 0..<256 {
          let shifted = SplitSearch.shifted[block.isDown[index / 8] ? 1 : 0]
          let digit = Grid.Lattice.iq1.digit(Int(block.rows[index / 8]), index % 8)
          let quant = shifted[digit] * Float(2 * Int(block.scales[index / 16]) + 1)
          product += weights[index] * quant * values[index]
          square += weights[index] * quant * quant
        }
        if square > 0 { block.scale = product / square }
        block.scale *= 1.1125
      }
      return packed(block)
    }

    static func pack(_ block: SplitBlock, into bytes: inout MutableRawSpan, at destination: Int) {
      for pair in 0..<16 {
        let low = block.rows[pair &* 2], high = block.rows[pair &* 2 &+ 1]
        bytes.store(UInt8(truncatingIfNeeded: low), at: destination &+ pair &* 2)
        bytes.store(UInt8(truncatingIfNeeded: high), at: destination &+ pair &* 2 &+ 1)
        let shifts: UInt16 = (block.isDown[pair &* 2] ? 8 : 0) | (block.isDown[pair &* 2 &+ 1] ? 128 : 0)
        bytes.store(
          UInt8(truncatingIfNeeded: low &>> 8 | (high &>> 8) &<< 4 | shifts), at: destination &+ 32 &+ pair)
      }
      let scaleBits = block.scale.halfBits
      for quarter in 0..<4 {
        var word = (scaleBits &>> UInt16(truncatingIfNeeded: quarter &* 4)) &<< 12
        for place in 0..<4 {
          word |= UInt16(block.scales[quarter &* 4 &+ place]) &<< UInt16(truncatingIfNeeded: place &* 3)
        }
        bytes.store(word, at: destination &+ 48 &+ quarter &* 2)
      }
    }

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

extension IQ1_M {
  @inline(__always)
  static func block(
    _ values: RawSpan, at source: Int, weights: InlineArray<256, Float>, _ finder: inout SplitRows
  ) -> SplitBlock? {
    var block = SplitBlock()
    var scales = [Float](repeating: 0, count: 16)
    for first in stride(from: 0, to: 16, by: 8) {
      let search = SplitLanes<16>(values, at: source &+ first &* 64, weights: weights, first: first)
      for lane in 0..<8 {
        let run = first &+ lane
        let offset = source &+ run &* 64
        guard values.greatestMagnitude(at: offset, count: 16) >= 1e-7, let split = search.split(lane) else { continue }
        let shift = split.scale < 0 ? 3 &- split.shift : split.shift
        guard
          let scale = finder.find(
            values, at: offset, weights: weights.span, from: run &* 16, digits: search.digits(lane, split),
            scale: abs(split.scale), isDown: UInt32(shift &>> 1 | (shift & 1) &<< 1), groupCount: 2,
            into: &block.rows, at: run &* 2)
        else { return nil }
        block.isDown[run &* 2] = shift &>> 1 == 1
        block.isDown[run &* 2 &+ 1] = shift & 1 == 1
        scales[run] = scale
      }
    }
    if block.setScales(scales, factor: 1) {
      let sums = finder.sums(values, at: source, weights: weights.span, block)
      if sums.square > 0 { block.scale = sums.product / sums.square }
      block.scale *= 1.1125
    }
    return block
  }
}
