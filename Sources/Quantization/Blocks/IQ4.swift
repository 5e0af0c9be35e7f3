// IQ4_NL (32 elements, 4.5 bits each) and IQ4_XS (256 elements, 4.25 bits each): four bits choose from 16 fixed numbers.
//
//   IQ4_NL   0 ┊ scale f16 │ 2 ┊ quants 16 × (element j in bits 3…0, element j + 16 in bits 7…4) │ 18
//   IQ4_XS   0 ┊ scale f16 │ 2 ┊ bits 5…4 of eight scales u16 │ 4 ┊ their bits 3…0, low nibble first │
//            8 ┊ 8 × quants as above │ 136
//
// IQ4_NL: w = scale · number(q).  IQ4_XS: w = (scale · (scale of 32 − 32)) · number(q)
// Same floats as ggml-quants.c `dequantize_row_iq4_nl`, `dequantize_row_iq4_xs` (llama.cpp 0c1e57098).

/// ggml-common.h `kvalues_iq4nl`: steps that are finer near zero, where weights are dense.
private let numbers: [Float] = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]

/// The same, each 127 higher.
private let raisedNumbers = SIMD16<UInt8>(0, 23, 44, 62, 78, 92, 105, 117, 128, 140, 152, 165, 180, 196, 216, 240)

/// Decodes 32 elements from 16 bytes.
@inline(__always)
private func decodeRun(
  _ quants: SIMD16<UInt8>, _ table: SIMD16<UInt8>, by scale: Float, into values: inout MutableRawSpan,
  at destination: Int
) {
  values.storeScaled(quants.lowNibbles.looked(upIn: table), minus: 127, by: scale, at: destination)
  values.storeScaled(quants.highNibbles.looked(upIn: table), minus: 127, by: scale, at: destination &+ 64)
}

enum IQ4_NL: BlockDecoder {
  enum Reference: ReferenceDecoder {
    static let elementsPerBlock = 32
    static let bytesPerBlock = 18

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 0)
      let quants = block[2...]
      return quants.map { scale * numbers[Int($0 & 15)] } + quants.map { scale * numbers[Int($0 >> 4)] }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let quants = bytes.bytes16(at: source &+ 2)
    decodeRun(quants, raisedNumbers, by: bytes.half(at: source), into: &values, at: destination)
  }
}

enum IQ4_XS: BlockDecoder {
  enum Reference: ReferenceDecoder {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 136

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 0)
      let highBits = UInt16(block[2]) | UInt16(block[3]) << 8
      return (0..<8).flatMap { run in
        let low = Int(block[4 + run / 2] >> UInt8(run % 2 * 4)) & 15
        let high = Int(highBits >> UInt16(run * 2)) & 3
        let runScale = scale * Float((low | high << 4) - 32)
        let quants = block[8 + run * 16..<8 + run * 16 + 16]
        return quants.map { runScale * numbers[Int($0 & 15)] } + quants.map { runScale * numbers[Int($0 >> 4)] }
      }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let scale = bytes.half(at: source)
    let highBits = Int(bytes.byte(at: source &+ 2)) | Int(bytes.byte(at: source &+ 3)) &<< 8
    let table = raisedNumbers
    for run in 0..<8 {
      let low = (Int(bytes.byte(at: source &+ 4 &+ run &>> 1)) &>> ((run & 1) &* 4)) & 15
      let high = (highBits &>> (run &* 2)) & 3
      decodeRun(
        bytes.bytes16(at: source &+ 8 &+ run &* 16), table, by: scale * Float((low | high &<< 4) &- 32), into: &values,
        at: destination &+ run &* 128)
    }
  }
}
