import Bytes
import Formats
import Tensors

/// The weights of one tensor's columns: an entry of an importance matrix that fits it.
public struct TensorImportance: Sendable {
  /// The matrix.
  public let matrix: ImportanceMatrix
  /// Its entry.
  public let entry: ImportanceMatrix.Entry

  /// The weights of the columns of one matrix in a stack of `expertCount`.
  func columns(ofExpert expert: Int, of expertCount: Int) throws(FileError) -> [Float] {
    let width = entry.valueCount / max(1, expertCount)
    return try matrix.importance(of: entry, expert * width..<(expert + 1) * width)
  }
}

extension Shape {
  /// Rows of one matrix of a stack of experts; all rows of a matrix on its own.
  var expertRowCount: Int { max(1, rowCount / max(1, expertCount)) }
}
