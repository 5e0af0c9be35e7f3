import Architectures
import Models

/// A matrix is stored transposed under the shape that it should have.
struct TransposedFault: KnownFault {
  let id = FaultID.transposed
  let summary = "a matrix is transposed: columns are stored as rows"
  let detection = FaultDetection.sampledRows

  /// Matrices with more rows or columns are not tried: to read one row, all are read.
  private static let greatestDimension = 1 << 16

  func hypotheses(about tensor: SuspectTensor) -> [FaultHypothesis] {
    let shape = tensor.shape
    guard tensor.isMatrix, shape.allSatisfy({ (2...Self.greatestDimension).contains($0) }) else { return [] }
    var orders = [RowOrder.canonical]
    if let headCount = tensor.rotaryHeadCount { orders.append(.interleaved(headCount: headCount)) }
    return orders.map { order in
      FaultHypothesis(
        self, tensor.slot, "is transposed",
        correction: TransposedMatrix(rowCount: shape[0], columnCount: shape[1], order: order))
    }
  }
}

extension FaultID {
  public static let transposed = Self("transposed")
}

/// The transpose of the candidate's matrix, read a slab of the candidate's rows at a time.
///
/// Element (a, b) of `rowCount × columnCount` is element b · rowCount + a of such a file, which gives the row and the
/// column under which it is read. If the file has its rows in another `order`, row a is row `order(a)` of the matrix
/// that was transposed.
private struct TransposedMatrix: TensorCorrection {
  let rowCount: Int, columnCount: Int
  let order: RowOrder

  private static let slabRowCount = 64

  func readRows(
    _ wanted: Range<Int>, of slot: TensorSlot, from models: PatchedWeights, into values: inout [Float]
  ) throws {
    if values.count < wanted.count * columnCount {
      values = [Float](repeating: 0, count: wanted.count * columnCount)
    }
    var slab: [Float] = []
    for start in stride(from: 0, to: rowCount, by: Self.slabRowCount) {
      let rows = start..<min(rowCount, start + Self.slabRowCount)
      try models.candidate.readRows(slot, rows: rows, into: &slab)
      guard slab.count >= rows.count * columnCount else { return }
      for row in rows {
        let first = order.storedRow(ofCanonical: row, rowCount: rowCount) * columnCount
        for target in wanted {
          let stored = order.storedRow(ofCanonical: target, rowCount: rowCount)
          var column = first > stored ? (first - stored + rowCount - 1) / rowCount : 0
          while column < columnCount, column * rowCount + stored < first + columnCount {
            values[(target - wanted.lowerBound) * columnCount + column] =
              slab[(row - start) * columnCount + column * rowCount + stored - first]
            column += 1
          }
        }
      }
    }
  }
}
