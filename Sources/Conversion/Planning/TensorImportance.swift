import Bytes
import Formats
import Tensors

/// How much the columns of one tensor matter: an entry of an importance matrix that fits it.
public struct TensorImportance: Sendable {
  /// The matrix.
  public let matrix: ImportanceMatrix
  /// Its entry.
  public let entry: ImportanceMatrix.Entry

  /// The importance of the columns of one matrix in a stack of `expertCount`.
  func columns(ofExpert expert: Int, of expertCount: Int) throws(FileError) -> [Float] {
    let width = entry.valueCount / max(1, expertCount)
    return try matrix.importance(of: entry, expert * width..<(expert + 1) * width)
  }
}

extension PlannedTensor {
  /// Rows of one matrix where it is a stack of experts; all rows otherwise.
  var expertRowCount: Int { max(1, shape.rowCount / max(1, shape.expertCount)) }
}
