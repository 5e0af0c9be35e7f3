import Models
import Tensors

/// Rows of one tensor that one thread processes at once.
struct Slab: Sendable {
  /// Elements that are decoded at a time, about: 4 MiB as float32.
  static let elementCount = 1 << 20
  /// Bytes of a matrix that is transposed without being decoded, at a time: so many columns of the input are read in one
  /// pass, and as many bytes are held again after transposing.
  static let transposedByteCount = 8 << 20

  /// The tensor's index in its file.
  let tensorIndex: Int
  /// The rows of the output; empty where values follow from the hyperparameters.
  let rows: Range<Int>
  /// The bytes in the tensor's data.
  let byteOffset: Int, byteCount: Int
}

extension PlannedTensor {
  /// The slabs of the tensor, in order. They follow from the plan alone, so sums over a slab do not depend on threads.
  func slabs(tensorIndex: Int) -> [Slab] {
    func slab(_ rows: Range<Int>, bytes: Range<Int>) -> Slab {
      Slab(tensorIndex: tensorIndex, rows: rows, byteOffset: bytes.lowerBound, byteCount: bytes.count)
    }
    guard case .rows(let reader) = source else { return [slab(0..<0, bytes: 0..<byteCount)] }
    let geometry = reader.geometry
    guard geometry.rowCount > 0, geometry.rowElementCount > 0 else { return [] }
    let rowsPerSlab = rowsPerSlab(reader)
    let outputRowByteCount = byteCount / geometry.rowCount
    let rowsPerMatrix = separatesExperts(reader) ? shape.expertRowCount : geometry.rowCount
    return stride(from: 0, to: geometry.rowCount, by: rowsPerMatrix).flatMap { start in
      stride(from: start, to: start + rowsPerMatrix, by: rowsPerSlab).map { first in
        let last = min(start + rowsPerMatrix, first + rowsPerSlab)
        return slab(first..<last, bytes: first * outputRowByteCount..<last * outputRowByteCount)
      }
    }
  }

  /// Whether a slab has rows of one expert of a stack: each has its own importance.
  ///
  /// Large ones are kept apart without importance too, so that all outputs of a source have the same slabs of them.
  private func separatesExperts(_ reader: RowReader) -> Bool {
    let isLarge = shape.expertRowCount * reader.geometry.rowElementCount >= Slab.elementCount / 2
    return importance != nil
      || isLarge && reader.rows.access == .rows && reader.geometry.rowCount == shape.rowCount
  }

  private func rowsPerSlab(_ reader: RowReader) -> Int {
    let geometry = reader.geometry
    guard reader.rows.access == .columns, reader.rows.format == format else {
      return max(1, Slab.elementCount / geometry.rowElementCount)
    }
    let slabCount = min(geometry.rowCount, (byteCount + Slab.transposedByteCount - 1) / Slab.transposedByteCount)
    return (geometry.rowCount + slabCount - 1) / max(1, slabCount)
  }
}
