import Architectures
import Models

/// What would set one tensor of a candidate right, if a hypothesis about its fault holds.
enum Correction: Sendable, Hashable {
  /// Nothing is corrected: the candidate's tensor as it is.
  case keeping
  /// The rotary permutation of this many heads is applied to the rows, which were taken back by one too many.
  case permuting(headCount: Int)
  /// The rotary permutation is taken back once more.
  case unpermuting(headCount: Int)
  /// This is added to every element.
  case adding(Float)
  /// Every element, after an offset is added and before it is taken off again, is multiplied by this.
  case scaling(Float, offset: Float)
  /// The matrix lies as columns and rows under the shape that it should have; `order` says how the file has its rows.
  case transposing(rowCount: Int, columnCount: Int, order: RowOrder)
  /// Rows of queries, keys and values are sorted into their heads again, which were packed in another arrangement.
  case rearranging(FusedQKVRows, FusedQKVRows.FusionOrder)
  /// The candidate's row is taken that stands for each of these rows; all others are in their places.
  case moving([Int: Int])
  /// The tensor in another place of the candidate is taken.
  case taking(TensorSlot)
  /// The tensor of the reference is taken: what no correction can better.
  case replacing

  /// Which row of the candidate, in which place, stands for row `row` of `rowCount` rows at `place`.
  func source(ofRow row: Int, rowCount: Int, at place: TensorSlot) -> (place: TensorSlot, row: Int) {
    switch self {
    case .permuting(let headCount):
      (place, RowOrder.rotary(headCount: headCount).canonicalRow(ofStored: row, rowCount: rowCount))
    case .unpermuting(let headCount):
      (place, RowOrder.rotary(headCount: headCount).storedRow(ofCanonical: row, rowCount: rowCount))
    case .rearranging(let rows, let arrangement): rows.source(ofRow: row, at: place, storedBy: arrangement)
    case .moving(let sources): (place, sources[row] ?? row)
    default: (place, row)
    }
  }
}
