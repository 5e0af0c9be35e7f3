// Formats of one and two bits: sign only, four steps, and three steps ("ternary").
//
//   Q1_0    0 ┊ scale f16 │ 2 ┊ signs 16 bytes, low bits first │ 18                                     128 elements
//   Q2_0    0 ┊ scale f16 │ 2 ┊ quants 16 bytes, four to a byte, low bits first │ 18                     64 elements
//   TQ1_0   0 ┊ 32 × 5 trits, 16 × 5 trits │ 48 ┊ 4 × 4 trits │ 52 ┊ scale f16 │ 54                     256 elements
//   TQ2_0   0 ┊ quants 64 bytes │ 64 ┊ scale f16 │ 66                                                   256 elements
//
// Q1_0: w = ±scale.  Others: w = (q − 1) · scale.
// TQ2_0's elements go in eight runs of 32: run r is bits 2·(r mod 4)+1…2·(r mod 4) of bytes 32·(r div 4)…+31.
// A TQ1_0 byte b is a fraction b / 256 in base three: trit n is the whole part of 3 · (3ⁿ · b mod 256) / 256; the first trits
// of the 32 bytes come first, then their second ones, and so on; then those of the 16, then those of the 4.
// Same floats as ggml-quants.c `dequantize_row_{q1_0,q2_0,tq1_0,tq2_0}` (llama.cpp 0c1e57098).

enum Q1_0: BlockDecoder {
  enum Reference: ReferenceDecoder {
    static let elementsPerBlock = 128
    static let bytesPerBlock = 18

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 0)
      return (0..<128).map { (block[2 + $0 / 8] >> UInt8($0 % 8)) & 1 == 1 ? scale : -scale }
    }
  }
}

enum Q2_0: BlockDecoder {
  enum Reference: ReferenceDecoder {
    static let elementsPerBlock = 64
    static let bytesPerBlock = 18

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 0)
      return (0..<64).map { Float(Int((block[2 + $0 / 4] >> UInt8($0 % 4 * 2)) & 3) - 1) * scale }
    }
  }
}

enum TQ1_0: BlockDecoder {
  enum Reference: ReferenceDecoder {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 54

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 52)
      return (trits(block[0..<32], count: 5) + trits(block[32..<48], count: 5) + trits(block[48..<52], count: 4))
        .map { Float($0 - 1) * scale }
    }

    private static func trits(_ bytes: ArraySlice<UInt8>, count: Int) -> [Int] {
      [UInt8(1), 3, 9, 27, 81].prefix(count).flatMap { power in
        bytes.map { Int($0 &* power) * 3 / 256 }
      }
    }
  }
}

enum TQ2_0: BlockDecoder {
  enum Reference: ReferenceDecoder {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 66

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 64)
      return (0..<256).map { element in
        let (run, place) = element.quotientAndRemainder(dividingBy: 32)
        return Float(Int((block[run / 4 * 32 + place] >> UInt8(run % 4 * 2)) & 3) - 1) * scale
      }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let scale = bytes.half(at: source &+ 64)
    for group in 0..<16 {
      let run = group &>> 1
      let quants = bytes.bytes16(at: source &+ (run &>> 2) &* 32 &+ (group & 1) &* 16)
      let shift = SIMD16<UInt8>(repeating: UInt8(truncatingIfNeeded: (run & 3) &* 2))
      values.storeScaled(
        (quants &>> shift) & SIMD16<UInt8>(repeating: 3), minus: 1, by: scale, at: destination &+ group &* 64)
    }
  }
}
