// The scales and minimums of Q4_K and Q5_K: eight of each, six bits each, in twelve bytes.
//
//    0 ┊ 4 × (scale j in bits 5…0, bits 5…4 of scale j + 4 in bits 7…6) │
//    4 ┊ 4 × (minimum j in bits 5…0, bits 5…4 of minimum j + 4 in bits 7…6) │
//    8 ┊ 4 × (bits 3…0 of scale j + 4 in bits 3…0, bits 3…0 of minimum j + 4 in bits 7…4) │ 12

/// Scale and minimum `index` of eight; `byte` returns the twelve bytes.
@inline(__always)
func sixBitScale(_ index: Int, _ byte: (Int) -> UInt8) -> (scale: Float, minimum: Float) {
  if index < 4 { return (Float(byte(index) & 63), Float(byte(index &+ 4) & 63)) }
  let low = byte(index &+ 4)
  return (Float(low & 15 | (byte(index &- 4) >> 6) << 4), Float(low >> 4 | (byte(index) >> 6) << 4))
}

/// The twelve bytes of eight scales and eight minimums, each below 64.
func packedSixBits(_ scales: [Int], _ minimums: [Int]) -> [UInt8] {
  (0..<4).map { UInt8(scales[$0] | (scales[$0 + 4] >> 4) << 6) }
    + (0..<4).map { UInt8(minimums[$0] | (minimums[$0 + 4] >> 4) << 6) }
    + (4..<8).map { UInt8(scales[$0] & 15 | (minimums[$0] & 15) << 4) }
}
