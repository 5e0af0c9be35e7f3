import Tensors

/// A matrix, or a stack of them, of codes that are floats, with scales: `value = code · scale`, one float32 product.
protocol FloatCodeComposition: TensorComposition {
  var code: FloatCode { get }
  var scales: MatrixScales { get }
}

extension FloatCodeComposition {
  /// The values in BF16, F16 or F32.
  func scalars(in format: StorageFormat) -> (any BlockSource)? {
    FloatCode.scalarFormats.contains(format) ? ScaledFloats(composition: self, format: format) : nil
  }
}

/// The values of a composition as numbers of 16 or 32 bits, rounded to the nearest, ties to even.
struct ScaledFloats<Composition: FloatCodeComposition>: BlockSource {
  let composition: Composition
  let format: StorageFormat

  func isExact(from reader: any StoredTensorReader) throws -> Bool {
    let code = composition.code
    return try composition.scales.allSatisfy(from: reader) { code.isExact(times: $0, in: format) }
  }

  func read(rows: Range<Int>, from reader: any StoredTensorReader, into bytes: inout MutableSpan<UInt8>) throws {
    let count = rows.count * composition.shape.rowElementCount
    guard count > 0 else { return }
    var values = [Float](repeating: 0, count: count)
    var destination = values.mutableSpan
    try composition.decode(rows: rows, from: reader, into: &destination)
    var target = bytes.mutableBytes
    let floats = values.span
    switch format {
    case .bf16:
      for index in 0..<count {
        target.storeBytes(of: Self.bf16(floats[index].bitPattern), toByteOffset: index &* 2, as: UInt16.self)
      }
    case .f16:
      for index in 0..<count {
        target.storeBytes(of: Self.f16(floats[index]), toByteOffset: index &* 2, as: UInt16.self)
      }
    default:
      for index in 0..<count { target.storeBytes(of: floats[index], toByteOffset: index &* 4, as: Float.self) }
    }
  }

  private static func bf16(_ bits: UInt32) -> UInt16 {
    guard bits & 0x7FFF_FFFF <= 0x7F80_0000 else { return UInt16(bits >> 16) | 0x40 }
    return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }

  private static func f16(_ value: Float) -> UInt16 {
    let bits = value.bitPattern, sign = UInt16(bits >> 16) & 0x8000, magnitude = value.magnitude
    guard magnitude < 65520 else { return sign | (value.isNaN ? 0x7E00 : 0x7C00) }
    // Below 2⁻¹⁴ in steps of 2⁻²⁴: the sum with 2²³ is rounded to an integer.
    guard magnitude >= 0x1p-14 else { return sign | UInt16(magnitude * 0x1p24 + 0x1p23 - 0x1p23) }
    let rounded = (magnitude.bitPattern &+ 0xFFF &+ (bits >> 13 & 1)) >> 13
    return sign | UInt16(truncatingIfNeeded: rounded &- 112 << 10)
  }
}
