import Bytes
import Tensors

/// A matrix that GPTQ packed: `value = (code − zero point) · scale`, in float32.
///
///     X.qweight  [⌈in · b / 32⌉, out]        words; codes along a column (`PackedColumns`)
///     X.scales   [groups, out]               F16, BF16 or F32
///     X.qzeros   [groups, ⌈out · b / 32⌉]    words; zero points along a row (`PackedZeroPoints`)
///     X.g_idx    [in]                        the group of each column of the result; absent in files of 2023
///
/// The result is [out, in]. Without `g_idx`, or if it counts up evenly, a group is `group_size` consecutive columns and
/// the last one may be cut. With act-order columns of a group are anywhere.
struct GPTQComposition: GroupedIntegerComposition {
  /// The name of the encoding in reports: GPTQ, AutoRound.
  let name: String
  let codes: TensorDescriptor
  let parameters: PackedScales
  let groupIndices: GroupIndices?
  let shape: Shape
  let bitCount: Int
  /// Columns of a group; with act-order the number that has as many groups.
  let groupElementCount: Int
  /// Whether `g_idx` puts columns in groups out of order.
  let isActOrdered: Bool

  var zero: GroupedIntegers.Zero { .points }

  var sources: [TensorDescriptor] {
    [codes, parameters.zeroPoints?.tensor, parameters.scales, groupIndices?.tensor].compactMap { $0 }
  }

  var description: String {
    let groups = parameters.groupCount > 1 ? "groups of \(groupElementCount)" : "one group"
    return "\(name), \(counted(bitCount, "bit")), \(groups)\(isActOrdered ? ", act-order" : "")"
  }

  var hasPermutedColumns: Bool { isActOrdered }

  func decode(
    rows: Range<Int>, from reader: any StoredTensorReader, into values: inout MutableSpan<Float>
  ) throws {
    guard !rows.isEmpty, shape.rowElementCount > 0 else { return }
    var groups = GroupedIntegers()
    if let indices = try groupIndices?.read(from: reader), !indices.isRegular(groupElementCount) {
      try unpackCodes(rows, from: reader, into: &groups)
      try parameters.read(rows, from: reader, into: &groups)
      groups.decode(zero: zero, groupOfColumn: indices.groups, into: &values)
    } else {
      try unpackCodes(rows, from: reader, into: &groups)
      try parameters.read(rows, from: reader, into: &groups)
      groups.decode(zero: zero, into: &values)
    }
  }

  func unpack(rows: Range<Int>, from reader: any StoredTensorReader, into groups: inout GroupedIntegers) throws {
    try groupIndices?.requireRegular(groupElementCount, from: reader)
    try unpackCodes(rows, from: reader, into: &groups)
    try parameters.read(rows, from: reader, into: &groups)
  }

  func unpackScales(rows: Range<Int>, from reader: any StoredTensorReader, into groups: inout GroupedIntegers) throws {
    try groupIndices?.requireRegular(groupElementCount, from: reader)
    prepare(&groups, rowCount: rows.count)
    try parameters.read(rows, from: reader, into: &groups)
  }

  private func prepare(_ groups: inout GroupedIntegers, rowCount: Int) {
    groups.prepare(
      rowCount: rowCount, columnCount: shape.rowElementCount, groupElementCount: groupElementCount, zero: zero)
  }

  private func unpackCodes(
    _ rows: Range<Int>, from reader: any StoredTensorReader, into groups: inout GroupedIntegers
  ) throws {
    prepare(&groups, rowCount: rows.count)
    let wordRowCount = PackedColumns.wordRowCount(codeCount: shape.rowElementCount, bitCount: bitCount)
    var words: [UInt8] = []
    try reader.read(
      StridedRanges(
        count: wordRowCount, byteCount: rows.count * 4, offset: rows.lowerBound * 4, stride: shape.rowCount * 4),
      of: codes, into: &words)
    var codes = groups.codes.mutableSpan
    var bytes = codes.mutableBytes
    PackedColumns.unpack(
      words.span.bytes, bitCount: bitCount, columnCount: rows.count, codeCount: shape.rowElementCount, into: &bytes)
  }
}
