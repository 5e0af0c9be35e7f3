import Quantization
import Tensors

/// Values that are added to rows of a canonical tensor when they are read.
protocol RowUpdate: Sendable {
  /// The update in words: `plus a product of low rank`.
  var words: String { get }

  /// Adds to rows of the canonical tensor, each cut to `columns`, whose values are `stride` apart.
  ///
  /// - Parameter checkpoint: the files of the model whose rows are read.
  func add(
    to values: inout DecodedValues, rows: [UpdatedRow], columns: Range<Int>, stride: Int, of checkpoint: Checkpoint
  ) throws
}

/// A row of a canonical tensor among values that are read.
struct UpdatedRow {
  let canonicalRow: Int
  /// The value of the first column.
  let start: Int
}
