import Tensors

/// A matrix of signed bytes of bitsandbytes (LLM.int8) with a scale for each row: `value = (code · SCB) · (1 / 127)`, two
/// float32 products, as `int8_vectorwise_dequant` computes them.
///
///     X.weight   I8 [out, in]
///     X.SCB      F32 [out]: the greatest magnitude of each row
struct EightBitComposition: TensorComposition {
  let codes: TensorDescriptor
  let scales: TensorDescriptor

  var sources: [TensorDescriptor] { [codes, scales] }
  var shape: Shape { codes.shape }
  var description: String { "bitsandbytes int8, a scale for each row" }
  var repackingObstacle: String? { "scales are SCB / 127 in F32, which no block format has" }

  init(_ codes: TensorDescriptor, scales: TensorDescriptor) throws(EncodingError) {
    (self.codes, self.scales) = (codes, scales)
    guard codes.format == .i8, codes.shape.rank >= 2 else {
      throw .partFormat(codes, of: nil, expected: "a matrix of I8")
    }
    guard scales.format == .f32 || scales.format == .f16 || scales.format == .bf16 else {
      throw .partFormat(scales, of: codes, expected: "F32, F16 or BF16")
    }
    guard scales.shape.elementCount == codes.shape.rowCount else {
      throw .partShape(scales, of: codes, expected: "\(codes.shape.rowCount.grouped), one for each row")
    }
  }

  func decode(
    rows: Range<Int>, from reader: any StoredTensorReader, into values: inout MutableSpan<Float>
  ) throws {
    let width = shape.rowElementCount
    guard !rows.isEmpty, width > 0 else { return }
    let bytes = try reader.bytes(of: codes, from: rows.lowerBound * width, count: rows.count * width)
    var factors = [Float](repeating: 0, count: rows.count)
    var destination = factors.mutableSpan
    try reader.decode(rows, of: scales, into: &destination)
    let codes = bytes.span
    for row in 0..<rows.count {
      let factor = factors[row], first = row &* width
      for element in first..<first &+ width {
        values[element] = Float(Int8(bitPattern: codes[element])) * factor * Self.reciprocal
      }
    }
  }

  /// 1 / 127 in float32, as the library spells it: 7.874015718698502e-3.
  private static let reciprocal: Float = 1 / 127
}
