import Tensors

/// A matrix, or a stack of them, of integer codes that share scales in groups of consecutive elements of a row.
///
/// An encoding says how its codes, scales and zeros are packed; decoding and blocks of other formats follow from that.
protocol GroupedIntegerComposition: TensorComposition {
  /// The bits of a code, at most 8.
  var bitCount: Int { get }
  /// The elements of a row that share a scale; the row's width for one scale a row.
  var groupElementCount: Int { get }
  var zero: GroupedIntegers.Zero { get }

  /// Unpacks codes, scales and zeros of whole rows.
  func unpack(rows: Range<Int>, from reader: any StoredTensorReader, into groups: inout GroupedIntegers) throws

  /// Reads scales and zeros of whole rows, and leaves the codes as they are.
  func unpackScales(rows: Range<Int>, from reader: any StoredTensorReader, into groups: inout GroupedIntegers) throws
}

extension GroupedIntegerComposition {
  func decode(
    rows: Range<Int>, from reader: any StoredTensorReader, into values: inout MutableSpan<Float>
  ) throws {
    guard !rows.isEmpty, shape.rowElementCount > 0 else { return }
    var groups = GroupedIntegers()
    try unpack(rows: rows, from: reader, into: &groups)
    groups.decode(zero: zero, into: &values)
  }
}
