import Bytes
import Tensors

/// A tensor that cannot be split among ranks.
public enum SplitError: IngotError, Hashable {
  case noRule(TensorName)
  case notAMatrix(TensorName, Shape)
  /// Rows or columns that are no multiple of the ranks.
  case indivisible(TensorName, Shape, dimension: Int, rankCount: Int)

  public var category: ErrorCategory { .usage }

  public var description: String {
    switch self {
    case .noRule(let name): "tensor \(name.text.quoted): no rule says how it is split among ranks"
    case .notAMatrix(let name, let shape):
      "tensor \(name.text.quoted): has shape \(shape), expected a matrix, whose rows or columns are split"
    case .indivisible(let name, let shape, let dimension, let count):
      "tensor \(name.text.quoted): its \(shape.dimensions[dimension].grouped) \(dimension == 0 ? "rows" : "columns") cannot be "
        + "split into \(counted(count, "equal part"))"
    }
  }
}

extension OutputTensor {
  /// The share of rank `rank` of the rows (`dimension` 0) or columns (1).
  ///
  /// - Parameter runs: the rows of the whole that a part of so many rows has.
  func share(
    of dimension: Int, _ rank: Int, of count: Int, runs: (_ partRowCount: Int) -> [Range<Int>]
  ) throws(SplitError) -> TensorPart {
    guard shape.rank == 2 || shape.rank == 1 && dimension == 0 else { throw .notAMatrix(name, shape) }
    guard shape.dimensions[dimension] % count == 0 else {
      throw .indivisible(name, shape, dimension: dimension, rankCount: count)
    }
    let size = shape.dimensions[dimension] / count
    guard dimension == 0 else {
      let rows = TensorPart.Run(start: 0, count: shape.dimensions[0])
      return TensorPart(runs: [rows], columns: rank * size..<(rank + 1) * size)
    }
    return TensorPart(runs: runs(size).map { TensorPart.Run(start: $0.lowerBound, count: $0.count) })
  }
}
