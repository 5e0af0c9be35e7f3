import Bytes
import Tensors

/// A matrix, or a stack of them, that MLX quantized in the mode `affine`: `value = code · scale + bias`, in float32.
///
///     X.weight   [out, in · b / 32]   words; codes along a row (`PackedRows`)
///     X.scales   [out, in / g]        F16, BF16 or F32: one for each group of g consecutive elements of a row
///     X.biases   [out, in / g]        the same
struct MLXAffineComposition: GroupedIntegerComposition {
  let codes: TensorDescriptor
  let scales: TensorDescriptor
  let biases: TensorDescriptor
  let shape: Shape
  let bitCount: Int
  let groupElementCount: Int

  /// - Throws: if the shapes of the parts do not agree.
  init(
    _ codes: TensorDescriptor, scales: TensorDescriptor, biases: TensorDescriptor, _ parameters: MLXParameters
  ) throws(EncodingError) {
    (self.codes, self.scales, self.biases) = (codes, scales, biases)
    (bitCount, groupElementCount) = (parameters.bitCount, parameters.groupElementCount)
    shape = try parameters.shape(of: codes)
    for part in [scales, biases] {
      guard part.format == .f16 || part.format == .bf16 || part.format == .f32 else {
        throw .partFormat(part, of: codes, expected: "F16, BF16 or F32")
      }
      try parameters.requireFit(part, of: codes)
    }
  }

  var zero: GroupedIntegers.Zero { .biases }
  var sources: [TensorDescriptor] { [codes, scales, biases] }
  var description: String { "MLX affine, \(counted(bitCount, "bit")), groups of \(groupElementCount)" }

  func unpack(rows: Range<Int>, from reader: any StoredTensorReader, into groups: inout GroupedIntegers) throws {
    try unpackScales(rows: rows, from: reader, into: &groups)
    let rowByteCount = codes.shape.rowElementCount * 4
    let bytes = try reader.bytes(
      of: codes, from: rows.lowerBound * rowByteCount, count: rows.count * rowByteCount)
    var span = groups.codes.mutableSpan
    var destination = span.mutableBytes
    PackedRows.unpack(bytes.span.bytes, bitCount: bitCount, into: &destination)
  }

  func unpackScales(rows: Range<Int>, from reader: any StoredTensorReader, into groups: inout GroupedIntegers) throws {
    groups.prepare(
      rowCount: rows.count, columnCount: shape.rowElementCount, groupElementCount: groupElementCount, zero: .biases)
    let elements = rows.lowerBound * groups.groupCount..<rows.upperBound * groups.groupCount
    var span = groups.scales.mutableSpan
    try reader.decode(elements, of: scales, into: &span)
    var biasSpan = groups.biases.mutableSpan
    try reader.decode(elements, of: biases, into: &biasSpan)
  }
}
