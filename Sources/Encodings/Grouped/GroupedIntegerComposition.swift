import Bytes
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
  /// Whether columns of a group are anywhere in a row.
  var hasPermutedColumns: Bool { get }

  /// Unpacks codes, scales and zeros of whole rows.
  func unpack(rows: Range<Int>, from reader: any StoredTensorReader, into groups: inout GroupedIntegers) throws

  /// Reads scales and zeros of whole rows, and leaves the codes as they are.
  func unpackScales(rows: Range<Int>, from reader: any StoredTensorReader, into groups: inout GroupedIntegers) throws
}

extension GroupedIntegerComposition {
  var hasPermutedColumns: Bool { false }

  var repackingObstacle: String? {
    if hasPermutedColumns { return "groups have columns that are not consecutive (act-order)" }
    guard candidateFormats.isEmpty else { return nil }
    guard hasWholeBlocks else { return "a block of 32 elements would be in several groups" }
    return "no block format has codes of \(counted(bitCount, "bit")) with \(zero.words)"
  }

  /// Whether the elements of each block share a scale.
  var hasWholeBlocks: Bool {
    let size = GroupedBlockFormat.elementCount, width = shape.rowElementCount
    return width % size == 0 && (groupElementCount % size == 0 || groupElementCount >= width)
  }

  var candidateFormats: [StorageFormat] { GroupedBlockFormat.all.map(\.format).filter { blocks(in: $0) != nil } }

  func blocks(in format: StorageFormat) -> (any BlockSource)? { GroupedIntegerBlocks(self, format) }

  func decode(
    rows: Range<Int>, from reader: any StoredTensorReader, into values: inout MutableSpan<Float>
  ) throws {
    guard !rows.isEmpty, shape.rowElementCount > 0 else { return }
    var groups = GroupedIntegers()
    try unpack(rows: rows, from: reader, into: &groups)
    groups.decode(zero: zero, into: &values)
  }
}
