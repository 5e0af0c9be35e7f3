import Tensors

// FP4 matrices as ggml's blocks of the same codes and scales.
//
//   MXFP4   0 ┊ scale E8M0 │ 1 ┊ 16 × (element j in bits 3…0, element j + 16 in bits 7…4) │ 17
//   NVFP4   0 ┊ 4 scales UE4M3, one for 16 elements │ 4 ┊ 4 × 8 × (element j in bits 3…0, element j + 8 in bits 7…4) │ 36
//
// Codes and scales keep their bits. ggml decodes the code of −0 as 0, which is the same number.

/// Rows as blocks of MXFP4.
struct MXFP4Blocks: BlockSource {
  private let composition: FP4Composition

  /// Nil if the scales are not one E8M0 for 32 elements, or the rows not whole blocks.
  init?(_ composition: FP4Composition) {
    let scales = composition.scales
    guard scales.blocks.coding == .exponents, scales.grid.hasGroups(of: 32), scales.global == nil,
      composition.shape.rowElementCount % 32 == 0
    else { return nil }
    self.composition = composition
  }

  /// ggml reads 255, NaN in E8M0, as 2¹²⁸.
  func isExact(from reader: any StoredTensorReader) throws -> Bool {
    try composition.scales.allBytesSatisfy(from: reader) { $0 != 255 }
  }

  func read(rows: Range<Int>, from reader: any StoredTensorReader, into bytes: inout MutableSpan<UInt8>) throws {
    let width = composition.shape.rowElementCount, blockCount = rows.count * (width / 32)
    guard blockCount > 0 else { return }
    let first = rows.lowerBound * (width / 32)
    let codes = try reader.bytes(of: composition.weight, from: first * 16, count: blockCount * 16)
    let scales = try composition.scales.blocks.bytes(first..<first + blockCount, from: reader)
    let source = codes.span.bytes
    var target = bytes.mutableBytes
    for block in 0..<blockCount {
      let low = source.unsafeLoadUnaligned(fromByteOffset: block &* 16, as: SIMD8<UInt8>.self).nibbles
      let high = source.unsafeLoadUnaligned(fromByteOffset: block &* 16 &+ 8, as: SIMD8<UInt8>.self).nibbles
      target.storeBytes(of: scales[block], toByteOffset: block &* 17, as: UInt8.self)
      target.storeBytes(
        of: low | (high &<< SIMD16<UInt8>(repeating: 4)), toByteOffset: block &* 17 &+ 1, as: SIMD16<UInt8>.self)
    }
  }
}

/// Rows as blocks of NVFP4, whose values a GGUF multiplies by the numbers of another tensor, `NAME.scale`.
struct NVFP4Blocks: BlockSource {
  private let composition: FP4Composition

  /// Nil if the scales are not one E4M3 for 16 elements, or the rows not whole blocks.
  init?(_ composition: FP4Composition) {
    let scales = composition.scales
    guard scales.blocks.coding == .e4m3, scales.grid.hasGroups(of: 16), composition.shape.rowElementCount % 64 == 0
    else { return nil }
    self.composition = composition
  }

  var factorCount: Int { composition.scales.global?.tensor.shape.elementCount ?? 0 }

  func factors(from reader: any StoredTensorReader) throws -> [Float] {
    guard let global = composition.scales.global else { return [] }
    let values = try global.read(from: reader)
    if case .divisor = global { return values.map { 1 / $0 } }
    return values
  }

  /// ggml ignores the sign of a scale and reads NaN as 0. A factor has to give the scales that a divisor gave.
  func isExact(from reader: any StoredTensorReader) throws -> Bool {
    let scales = composition.scales
    guard try scales.allBytesSatisfy(from: reader, { $0 < 0x7F }) else { return false }
    guard case .divisor(let tensor)? = scales.global else { return true }
    let divisors = try GlobalScale.divisor(tensor).read(from: reader)
    return divisors.allSatisfy { divisor in
      FloatCode.e4m3.values.prefix(0x7F).allSatisfy { $0 / divisor == $0 * (1 / divisor) }
    }
  }

  func read(rows: Range<Int>, from reader: any StoredTensorReader, into bytes: inout MutableSpan<UInt8>) throws {
    let width = composition.shape.rowElementCount, groupCount = rows.count * (width / 16)
    guard groupCount > 0 else { return }
    let first = rows.lowerBound * (width / 16)
    let codes = try reader.bytes(of: composition.weight, from: first * 8, count: groupCount * 8)
    let scales = try composition.scales.blocks.bytes(first..<first + groupCount, from: reader)
    let source = codes.span.bytes
    var target = bytes.mutableBytes
    for group in 0..<groupCount {
      let block = group / 4 &* 36, place = group & 3
      let elements = source.unsafeLoadUnaligned(fromByteOffset: group &* 8, as: SIMD8<UInt8>.self).nibbles
      target.storeBytes(of: scales[group], toByteOffset: block &+ place, as: UInt8.self)
      target.storeBytes(
        of: elements.lowHalf | (elements.highHalf &<< SIMD8<UInt8>(repeating: 4)),
        toByteOffset: block &+ 4 &+ place &* 8, as: SIMD8<UInt8>.self)
    }
  }
}
