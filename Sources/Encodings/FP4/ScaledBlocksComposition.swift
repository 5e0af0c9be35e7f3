import Bytes
import Tensors

/// A tensor of blocks whose values are multiplied by the numbers of another one: `X.weight` and `X.scale` of a GGUF.
///
/// llama.cpp writes NVFP4 so, with the scale of all scales in `X.scale`: one for the tensor, or one for each expert. Scales
/// of NVFP4 blocks are multiplied first, as in the checkpoints that the blocks come from.
struct ScaledBlocksComposition: TensorComposition {
  let weight: TensorDescriptor
  let format: StorageFormat
  let factor: GlobalScale

  init(_ weight: TensorDescriptor, factors: TensorDescriptor) throws(EncodingError) {
    guard let format = weight.format, format.isQuantized else {
      throw .partFormat(weight, of: nil, expected: "a block format")
    }
    self.weight = weight
    self.format = format
    factor = .factor(factors)
    try factor.requireFit(of: weight, shape: weight.shape)
  }

  var sources: [TensorDescriptor] { [weight, factor.tensor] }
  var shape: Shape { weight.shape }
  var description: String {
    "\(format) with \(factor.tensor.shape.elementCount == 1 ? "a scale" : "a scale for each matrix")"
  }

  var candidateFormats: [StorageFormat] { [format] }

  func blocks(in format: StorageFormat) -> (any BlockSource)? {
    format == self.format ? StoredBlocks(composition: self) : nil
  }

  func decode(
    rows: Range<Int>, from reader: any StoredTensorReader, into values: inout MutableSpan<Float>
  ) throws {
    let width = shape.rowElementCount
    guard !rows.isEmpty, width > 0 else { return }
    let factors = try factor.read(from: reader)
    let matrixRowCount = max(1, shape.dimensions.dropLast().last ?? 1)
    if format == .nvfp4 {
      let stored = try bytes(rows: rows, from: reader)
      var target = values.mutableBytes
      for row in rows {
        let index = row - rows.lowerBound
        NVFP4Row.decode(
          stored.span.bytes, at: index * (width / 64 * 36), blockCount: width / 64,
          by: factors[factors.count == 1 ? 0 : row / matrixRowCount], into: &target, at: index * width * 4)
      }
      return
    }
    try reader.decode(rows.lowerBound * width..<rows.upperBound * width, of: weight, into: &values)
    for row in rows {
      let value = factors[factors.count == 1 ? 0 : row / matrixRowCount]
      let start = (row - rows.lowerBound) * width
      for index in start..<start + width { values[index] *= value }
    }
  }

  fileprivate func bytes(rows: Range<Int>, from reader: any StoredTensorReader) throws -> [UInt8] {
    let rowByteCount = format.byteCount(elementCount: shape.rowElementCount) ?? 0
    return try reader.bytes(of: weight, from: rows.lowerBound * rowByteCount, count: rows.count * rowByteCount)
  }
}

/// The blocks as they are stored.
private struct StoredBlocks: BlockSource {
  let composition: ScaledBlocksComposition

  var factorCount: Int { composition.factor.tensor.shape.elementCount }
  func factors(from reader: any StoredTensorReader) throws -> [Float] { try composition.factor.read(from: reader) }

  func read(rows: Range<Int>, from reader: any StoredTensorReader, into bytes: inout MutableSpan<UInt8>) throws {
    let stored = try composition.bytes(rows: rows, from: reader)
    for index in stored.indices { bytes[index] = stored[index] }
  }
}

private enum NVFP4Row {
  /// Decodes blocks, each scale multiplied by `factor` first.
  static func decode(
    _ bytes: RawSpan, at source: Int, blockCount: Int, by factor: Float, into values: inout MutableRawSpan,
    at destination: Int
  ) {
    let scales = FloatCode.e4m3.values
    for group in 0..<blockCount &* 4 {
      let block = source &+ group / 4 &* 36, place = group & 3
      let byte = bytes.unsafeLoadUnaligned(fromByteOffset: block &+ place, as: UInt8.self)
      // The sign is ignored, and NaN is 0 unless the sign is set, as in ggml.
      let scale: Float = byte == 0x7F ? 0 : scales[Int(byte & 0x7F)]
      let factors = SIMD8<Float>(repeating: scale * factor)
      let packed = bytes.unsafeLoadUnaligned(fromByteOffset: block &+ 4 &+ place &* 8, as: SIMD8<UInt8>.self)
      let target = destination &+ group &* 64
      values.storeBytes(
        of: FloatCode.e2m1(packed & SIMD8<UInt8>(repeating: 15)) * factors, toByteOffset: target, as: SIMD8<Float>.self)
      values.storeBytes(
        of: FloatCode.e2m1(packed &>> SIMD8<UInt8>(repeating: 4)) * factors, toByteOffset: target &+ 32,
        as: SIMD8<Float>.self)
    }
  }
}
