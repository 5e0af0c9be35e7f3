// IEEE binary16 ("half") of eight values at a time; `Float+HalfPrecision.swift` in Tensors has that of one, and the reasons.

extension SIMD8 where Scalar == Float {
  /// The values of the bits of eight halves.
  @inline(__always)
  init(halfBits: SIMD8<UInt16>) {
    let words = Words(truncatingIfNeeded: halfBits)
    let magnitude = words & Words(repeating: 0x7FFF)
    let sign = (words & Words(repeating: 0x8000)) &<< Words(repeating: 16)
    let subnormal = Floats(bits: magnitude | Words(repeating: 0x3F00_0000)) - Floats(repeating: 0.5)
    let raised = (magnitude &<< Words(repeating: 13)) &+ Words(repeating: 0x7000_0000)
    let normal = Floats(bits: raised) * Floats(repeating: 0x1p-112)
    let value = normal.replacing(with: subnormal, where: magnitude .< Words(repeating: 0x0400))
    self.init(bits: value.words | sign)
  }

  /// The bits of the nearest halves, as in `Float.halfBits`.
  @inline(__always)
  var halfBits: SIMD8<UInt16> {
    let sign = (words &>> Words(repeating: 16)) & Words(repeating: 0x8000)
    let magnitude = self.magnitude.words
    let odd = (magnitude &>> Words(repeating: 13)) & Words(repeating: 1)
    var bits = (magnitude &+ Words(repeating: 0xC800_0FFF) &+ odd) &>> Words(repeating: 13)
    let subnormal = (self.magnitude + Floats(repeating: 0.5)).words &- Words(repeating: 0x3F00_0000)
    bits.replace(with: subnormal, where: magnitude .< Words(repeating: 0x3880_0000))
    bits.replace(with: Words(repeating: 0x7C00), where: magnitude .>= Words(repeating: 0x4780_0000))
    let fraction = (magnitude &>> Words(repeating: 13)) & Words(repeating: 0x3FF)
    let nan = Words(repeating: 0x7C00) | fraction.replacing(with: Words(repeating: 1), where: fraction .== Words.zero)
    bits.replace(with: nan, where: magnitude .> Words(repeating: 0x7F80_0000))
    return SIMD8<UInt16>(truncatingIfNeeded: bits | sign)
  }
}
