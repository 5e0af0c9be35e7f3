import Bytes
import Tensors

/// Scales and zero points of a matrix that is stored transposed: one row for each group of its columns.
///
///     scales  [groups, rows]                zero points  [groups, ⌈rows · b / 32⌉] words
///
/// A range of rows of the result is a range of columns here.
struct PackedScales: Hashable, Sendable {
  let scales: TensorDescriptor
  let zeroPoints: PackedZeroPoints?
  /// The order in which the zero points of eight rows fill a word; nil if it is that of the rows.
  let fieldOrder: [Int]?
  let groupCount: Int
  /// The rows of the result.
  let rowCount: Int

  /// Reads scales and zero points of `rows` into `groups`, row after row.
  func read(_ rows: Range<Int>, from reader: any StoredTensorReader, into groups: inout GroupedIntegers) throws {
    var line = [Float](repeating: 0, count: rows.count)
    for group in 0..<groupCount {
      let first = group * rowCount
      var destination = line.mutableSpan
      try reader.decode(first + rows.lowerBound..<first + rows.upperBound, of: scales, into: &destination)
      var index = group
      for scale in line {
        groups.scales[index] = scale
        index += groupCount
      }
    }
    guard let zeroPoints else { return }
    let words = zeroPoints.words(of: rows)
    let stored = zeroPoints.words(of: 0..<rowCount).count
    var bytes: [UInt8] = []
    try reader.read(
      StridedRanges(count: groupCount, byteCount: words.count * 4, offset: words.lowerBound * 4, stride: stored * 4),
      of: zeroPoints.tensor, into: &bytes)
    let bitCount = zeroPoints.bitCount
    for group in 0..<groupCount {
      for row in rows {
        let field = fieldOrder.map { row / $0.count * $0.count + $0[row % $0.count] } ?? row
        groups.zeroPoints[(row - rows.lowerBound) * groupCount + group] = zeroPoints.point(
          atBit: field * bitCount - words.lowerBound * 32, of: bytes.span.bytes, from: group * words.count * 4)
      }
    }
  }
}
