// MXFP4 (32 elements, 4.25 bits each) and NVFP4 (64 elements, 4.5 bits each): E2M1 floats with scales that are small floats.
//
//   MXFP4   0 ┊ scale E8M0 │ 1 ┊ quants 16 × (element j in bits 3…0, element j + 16 in bits 7…4) │ 17
//   NVFP4   0 ┊ 4 scales UE4M3, one for 16 elements │ 4 ┊ 4 × 8 × (element j in bits 3…0, element j + 8 in bits 7…4) │ 36
//
// w = (scale / 2) · (2 · E2M1(q)): the doubled numbers are whole. UE4M3 is E4M3 without a sign, in which 0x7F counts as 0.
// Same floats as ggml-quants.c `dequantize_row_mxfp4`, `dequantize_row_nvfp4` (llama.cpp 0c1e57098).

private let doubledNumbers: [Float] = F4.values.map { $0 == 0 ? 0 : $0 * 2 }

/// The same, each 12 higher.
private let raisedNumbers = SIMD16<UInt8>(12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0)

enum MXFP4: BlockDecoder {
  enum Reference: ReferenceDecoder {
    static let elementsPerBlock = 32
    static let bytesPerBlock = 17

    static func decode(_ block: [UInt8]) -> [Float] {
      // 255, NaN in E8M0, counts as 2¹²⁸ here.
      let halfScale = Float(sign: .plus, exponent: Int(block[0]) - 128, significand: 1)
      let quants = block[1...]
      return quants.map { doubledNumbers[Int($0 & 15)] * halfScale }
        + quants.map { doubledNumbers[Int($0 >> 4)] * halfScale }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    // 2^(scale − 128): a normal float from 2 on, below that a fraction's bit.
    let exponent = UInt32(bytes.byte(at: source))
    let halfScale = Float(bitPattern: exponent < 2 ? 0x0020_0000 &<< exponent : (exponent &- 1) &<< 23)
    let quants = bytes.bytes16(at: source &+ 1)
    let table = raisedNumbers
    values.storeScaled(quants.lowNibbles.looked(upIn: table), minus: 12, by: halfScale, at: destination)
    values.storeScaled(quants.highNibbles.looked(upIn: table), minus: 12, by: halfScale, at: destination &+ 64)
  }
}

enum NVFP4: BlockDecoder {
  enum Reference: ReferenceDecoder {
    static let elementsPerBlock = 64
    static let bytesPerBlock = 36

    static func decode(_ block: [UInt8]) -> [Float] {
      (0..<4).flatMap { group in
        let scale = block[group]
        let halfScale = scale == 0x7F ? 0 : halfScales[Int(scale)]
        let quants = block[4 + group * 8..<4 + group * 8 + 8]
        return quants.map { doubledNumbers[Int($0 & 15)] * halfScale }
          + quants.map { doubledNumbers[Int($0 >> 4)] * halfScale }
      }
    }

    /// Half of each scale; the sign bit is not looked at.
    private static let halfScales = F8_E4M3.values.map { abs($0) / 2 }
  }
}
