import Bytes
import Tensors

/// A matrix of 4-bit codes of bitsandbytes, NF4 or FP4, with a scale for each block: `value = map[code] · absmax`, one
/// float32 product.
///
///     X              bytes; element i of the matrix, row after row, is in byte ⌊i / 2⌋: in the high four bits if i is even
///       byte 0  ┌ 0 ┬ 1 ┐   byte 1  ┌ 2 ┬ 3 ┐  …
///     X.quant_map    F32 [16]: the values of the codes
///     X.absmax       F32 [blocks]: block j has the elements from j · blocksize; the last may be cut
///
/// Blocks run on from one row to the next. Quantized scales are codes themselves:
///
///     X.absmax             U8 [blocks]
///     X.nested_quant_map   F32 [256]
///     X.nested_absmax      F32: one for each nested_blocksize scales
///
///     absmax[j] = nested_quant_map[code] · nested_absmax[⌊j / nested_blocksize⌋] + nested_offset
struct FourBitComposition: TensorComposition {
  /// Scales that are codes with scales.
  struct NestedScales: Hashable, Sendable {
    let map: TensorDescriptor
    let scales: TensorDescriptor
    let blockElementCount: Int
    let offset: Float
  }

  let codes: TensorDescriptor
  let map: TensorDescriptor
  let scales: TensorDescriptor
  let nested: NestedScales?
  let shape: Shape
  let blockElementCount: Int
  /// `NF4` or `FP4`.
  let code: String

  var sources: [TensorDescriptor] { [codes, scales, map] + (nested.map { [$0.scales, $0.map] } ?? []) }
  var description: String {
    "bitsandbytes \(code), blocks of \(blockElementCount)" + (nested == nil ? "" : ", quantized scales")
  }
  var repackingObstacle: String? { "no block format has the codes of \(code)" }

  /// - Throws: if the parts have other formats or shapes than `state` says.
  init(_ group: PartGroup, _ state: FourBitState) throws(EncodingError) {
    codes = group.codes
    (shape, blockElementCount, code) = (state.shape, state.blockElementCount, state.code.uppercased())
    map = try Self.floats(group.required(".quant_map"), count: 16, of: codes)
    let byteCount = shape.elementCount / 2 + shape.elementCount % 2
    guard codes.byteCount == byteCount else {
      throw .partShape(codes, of: nil, expected: "\(counted(byteCount, "byte")) for \(shape)")
    }
    let blockCount = Self.count(of: blockElementCount, in: shape.elementCount)
    scales = try group.required(".absmax")
    guard let stated = state.nested else {
      _ = try Self.floats(scales, count: blockCount, of: codes)
      nested = nil
      return
    }
    guard scales.format == .u8 else { throw .partFormat(scales, of: codes, expected: "U8") }
    try Self.requireCount(scales, blockCount, of: codes)
    nested = NestedScales(
      map: try Self.floats(group.required(".nested_quant_map"), count: 256, of: codes),
      scales: try Self.floats(
        group.required(".nested_absmax"), count: Self.count(of: stated.blockElementCount, in: blockCount), of: codes),
      blockElementCount: stated.blockElementCount, offset: stated.offset)
  }

  private static func count(of block: Int, in total: Int) -> Int { total / block + (total % block == 0 ? 0 : 1) }

  private static func floats(
    _ part: TensorDescriptor, count: Int, of codes: TensorDescriptor
  ) throws(EncodingError) -> TensorDescriptor {
    guard part.format == .f32 || part.format == .f16 || part.format == .bf16 else {
      throw .partFormat(part, of: codes, expected: "F32, F16 or BF16")
    }
    try requireCount(part, count, of: codes)
    return part
  }

  private static func requireCount(
    _ part: TensorDescriptor, _ count: Int, of codes: TensorDescriptor
  ) throws(EncodingError) {
    guard part.shape.elementCount == count else {
      throw .partShape(part, of: codes, expected: counted(count, "element"))
    }
  }
}

// MARK: - Decoding

extension FourBitComposition {
  func decode(
    rows: Range<Int>, from reader: any StoredTensorReader, into values: inout MutableSpan<Float>
  ) throws {
    let first = rows.lowerBound * shape.rowElementCount, end = rows.upperBound * shape.rowElementCount
    guard first < end else { return }
    let bytes = try reader.bytes(of: codes, from: first / 2, count: (end + 1) / 2 - first / 2)
    let blocks = first / blockElementCount..<(end - 1) / blockElementCount + 1
    let scales = try scales(blocks, from: reader)
    var map = [Float](repeating: 0, count: 16)
    var mapSpan = map.mutableSpan
    try reader.decode(0..<16, of: self.map, into: &mapSpan)
    let codes = bytes.span.bytes, pairs = Self.pairs(map), pairSpan = pairs.span
    var target = values.mutableBytes
    for block in blocks {
      let scale = scales[block - blocks.lowerBound]
      var element = max(first, block * blockElementCount)
      let last = min(end, (block + 1) * blockElementCount)
      // A block may begin or end within a byte, and so may a row.
      if element % 2 == 1 {
        let code = codes.unsafeLoad(fromByteOffset: element / 2 - first / 2, as: UInt8.self)
        target.storeBytes(of: map[Int(code & 15)] * scale, toByteOffset: (element - first) * 4, as: Float.self)
        element += 1
      }
      var byte = element / 2 - first / 2, offset = (element - first) * 4
      let wide = SIMD2<Float>(repeating: scale)
      for _ in 0..<(last - element) / 2 {
        let pair = pairSpan[Int(codes.unsafeLoad(fromByteOffset: byte, as: UInt8.self))]
        target.storeBytes(of: pair * wide, toByteOffset: offset, as: SIMD2<Float>.self)
        byte &+= 1
        offset &+= 8
      }
      if (last - element) % 2 == 1 {
        let code = codes.unsafeLoad(fromByteOffset: byte, as: UInt8.self)
        target.storeBytes(of: map[Int(code >> 4)] * scale, toByteOffset: offset, as: Float.self)
      }
    }
  }

  /// The values of both codes of each byte.
  private static func pairs(_ map: [Float]) -> [SIMD2<Float>] {
    (0..<256).map { SIMD2(map[$0 >> 4], map[$0 & 15]) }
  }

  /// The scales of blocks.
  private func scales(_ blocks: Range<Int>, from reader: any StoredTensorReader) throws -> [Float] {
    guard let nested else { return try Self.floats(blocks, of: scales, from: reader) }
    let codes = try reader.bytes(of: scales, from: blocks.lowerBound, count: blocks.count)
    let map = try Self.floats(0..<256, of: nested.map, from: reader)
    let size = nested.blockElementCount
    let outer = blocks.lowerBound / size..<(blocks.upperBound - 1) / size + 1
    let factors = try Self.floats(outer, of: nested.scales, from: reader)
    return zip(blocks, codes).map { block, code in
      map[Int(code)] * factors[block / size - outer.lowerBound] + nested.offset
    }
  }

  private static func floats(
    _ elements: Range<Int>, of tensor: TensorDescriptor, from reader: any StoredTensorReader
  ) throws -> [Float] {
    var values = [Float](repeating: 0, count: elements.count)
    var destination = values.mutableSpan
    try reader.decode(elements, of: tensor, into: &destination)
    return values
  }
}
