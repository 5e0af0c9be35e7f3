/// Activations: float32 numbers in rows, one row per position.
public struct Matrix: Sendable, Equatable {
  /// Rows, one after the other.
  public let rowCount: Int
  /// Numbers in a row.
  public let columnCount: Int
  /// The numbers, row after row.
  public var values: [Float]

  /// A matrix of zeros.
  public init(rowCount: Int, columnCount: Int) {
    self.rowCount = rowCount
    self.columnCount = columnCount
    values = [Float](repeating: 0, count: rowCount * columnCount)
  }

  /// A matrix of `values`, row after row; nil unless there are `rowCount × columnCount` of them.
  public init?(rowCount: Int, columnCount: Int, values: [Float]) {
    guard rowCount >= 0, columnCount >= 0, values.count == rowCount * columnCount else { return nil }
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.values = values
  }

  /// The numbers of row `index`.
  public subscript(row index: Int) -> ArraySlice<Float> {
    values[index * columnCount..<(index + 1) * columnCount]
  }

  /// The rows `rows` as a matrix of their own.
  func rows(_ rows: Range<Int>) -> Matrix {
    var part = Matrix(rowCount: rows.count, columnCount: columnCount)
    for index in part.values.indices { part.values[index] = values[rows.lowerBound * columnCount + index] }
    return part
  }

  /// Adds `other`, number by number; both have the same shape.
  mutating func add(_ other: Matrix) {
    precondition(rowCount == other.rowCount && columnCount == other.columnCount)
    let addend = other.values.span
    var sum = values.mutableSpan
    for index in sum.indices { sum[index] += addend[index] }
  }

  /// Adds `vector` to each row.
  mutating func add(toEachRow vector: [Float]) {
    let rowCount = rowCount, columnCount = columnCount
    let addend = vector.span
    var sum = values.mutableSpan
    for row in 0..<rowCount {
      for column in 0..<columnCount { sum[row * columnCount + column] += addend[column] }
    }
  }
}
