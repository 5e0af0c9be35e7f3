import Bytes
import Tensors

/// A matrix that AWQ packed for its kernel gemm: `value = (code − zero point) · scale`, in float32.
///
///     X.qweight  [in, out / 8]         words; codes of a row, eight to a word (`InterleavedWords`)
///     X.scales   [in / group, out]     F16 or BF16
///     X.qzeros   [in / group, out / 8] words as those of the codes; absent for symmetric codes, whose zero point is 8
///
/// The result is [out, in].
struct AWQComposition: GroupedIntegerComposition {
  /// The name of the encoding in reports: AWQ, AutoRound.
  let name: String
  let codes: TensorDescriptor
  let parameters: PackedScales
  let shape: Shape
  let groupElementCount: Int

  var bitCount: Int { AWQ.bitCount }
  var zero: GroupedIntegers.Zero { parameters.zeroPoints == nil ? .constant(1 << (AWQ.bitCount - 1)) : .points }

  var sources: [TensorDescriptor] {
    [codes, parameters.zeroPoints?.tensor, parameters.scales].compactMap { $0 }
  }

  var description: String {
    "\(name), \(bitCount) bits, " + (parameters.groupCount > 1 ? "groups of \(groupElementCount)" : "one group")
  }

  func unpack(rows: Range<Int>, from reader: any StoredTensorReader, into groups: inout GroupedIntegers) throws {
    prepare(&groups, rowCount: rows.count)
    let words = rows.lowerBound / 8..<(rows.upperBound + 7) / 8
    var bytes: [UInt8] = []
    try reader.read(
      StridedRanges(
        count: shape.rowElementCount, byteCount: words.count * 4, offset: words.lowerBound * 4,
        stride: shape.rowCount / 8 * 4),
      of: codes, into: &bytes)
    let first = words.lowerBound * 8
    var codes = groups.codes.mutableSpan
    var target = codes.mutableBytes
    InterleavedWords.unpack(
      bytes.span.bytes, rowCount: shape.rowElementCount,
      columns: rows.lowerBound - first..<rows.upperBound - first, into: &target)
    try parameters.read(rows, from: reader, into: &groups)
  }

  func unpackScales(rows: Range<Int>, from reader: any StoredTensorReader, into groups: inout GroupedIntegers) throws {
    prepare(&groups, rowCount: rows.count)
    try parameters.read(rows, from: reader, into: &groups)
  }

  private func prepare(_ groups: inout GroupedIntegers, rowCount: Int) {
    groups.prepare(
      rowCount: rowCount, columnCount: shape.rowElementCount, groupElementCount: groupElementCount, zero: zero)
  }
}
