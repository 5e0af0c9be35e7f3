import Testing

@testable import Quantization

@Suite("Half precision")
struct HalfPrecisionTests {
  // Float16 has no support on Intel Macs.
  #if !(os(macOS) && arch(x86_64))
    @Test("widens every half")
    func halves() {
      for bits in UInt16.min...UInt16.max {
        let expected = Float(Float16(bitPattern: bits))
        let value = Float(halfBits: bits)
        if expected.isNaN {
          #expect(value.isNaN && value.sign == expected.sign)
        } else if value.bitPattern != expected.bitPattern {
          Issue.record("\(bits) gives \(value), not \(expected)")
        }
      }
    }

    @Test("rounds floats to the nearest half")
    func rounding() {
      for bits in UInt16.min..<0x7C00 {
        let value = Float(Float16(bitPattern: bits))
        let next = bits == 0x7BFF ? 65536 : Float(Float16(bitPattern: bits + 1))
        let tie = (value + next) / 2
        for candidate in [value, value.nextUp, tie.nextDown, tie, tie.nextUp, -tie, -tie.nextUp] {
          let expected = Float16(candidate).bitPattern
          if candidate.halfBits != expected {
            Issue.record("\(candidate) gives \(candidate.halfBits), not \(expected)")
          }
        }
      }
    }
  #endif

  static let extremes: [(Float, UInt16)] = [
    (65519.996, 0x7BFF), (65520, 0x7C00), (-65520, 0xFC00), (.infinity, 0x7C00), (-.infinity, 0xFC00),
    (.nan, 0x7E00), (-.nan, 0xFE00), (0x1p-25, 0x0000), (0x1.000002p-25, 0x0001), (-0.0, 0x8000),
    (.leastNonzeroMagnitude, 0x0000),
  ]

  @Test("rounds extremes", arguments: extremes)
  func extremesTest(value: Float, bits: UInt16) {
    #expect(value.halfBits == bits)
  }

  static let brainFloats: [(Float, UInt16)] = [
    (1, 0x3F80), (Float(bitPattern: 0x3F80_8000), 0x3F80), (Float(bitPattern: 0x3F81_8000), 0x3F82),
    (Float(bitPattern: 0x3F80_8001), 0x3F81), (.greatestFiniteMagnitude, 0x7F80), (-.infinity, 0xFF80),
    (Float(bitPattern: 0x7F80_0001), 0x7FC0), (Float(bitPattern: 0xFFFF_FFFF), 0xFFFF), (-0.0, 0x8000),
    (.leastNonzeroMagnitude, 0x0000),
  ]

  @Test("rounds floats to the nearest bfloat16", arguments: brainFloats)
  func brainFloat(value: Float, bits: UInt16) {
    #expect(value.brainFloatBits == bits)
  }
}
