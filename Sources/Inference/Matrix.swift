/// Activations: float32 values in rows, one row per position.
public struct Matrix: Sendable, Equatable {
  /// The number of rows.
  public private(set) var rowCount: Int
  /// The number of values in a row.
  public let columnCount: Int
  /// The values, row after row.
  public var values: [Float]

  /// Creates a matrix of zeros.
  public init(rowCount: Int, columnCount: Int) {
    self.rowCount = rowCount
    self.columnCount = columnCount
    values = [Float](repeating: 0, count: rowCount * columnCount)
  }

  /// Creates a matrix of `values`, row after row; nil unless there are `rowCount × columnCount` of them.
  public init?(rowCount: Int, columnCount: Int, values: [Float]) {
    guard rowCount >= 0, columnCount >= 0, values.count == rowCount * columnCount else { return nil }
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.values = values
  }

  /// The values of row `index`.
  public subscript(row index: Int) -> ArraySlice<Float> {
    values[index * columnCount..<(index + 1) * columnCount]
  }

  /// The rows `rows` as a matrix of their own.
  public func rows(_ rows: Range<Int>) -> Matrix {
    var instance = Matrix(rowCount: rows.count, columnCount: columnCount)
    for index in instance.values.indices { instance.values[index] = values[rows.lowerBound * columnCount + index] }
    return instance
  }

  /// The rows `indices`, in this order.
  func rows(_ indices: [Int]) -> Matrix {
    var instance = Matrix(rowCount: indices.count, columnCount: columnCount)
    for (row, index) in indices.enumerated() {
      for column in 0..<columnCount {
        instance.values[row * columnCount + column] = values[index * columnCount + column]
      }
    }
    return instance
  }

  /// The columns `columns` as a matrix of their own.
  func columns(_ columns: Range<Int>) -> Matrix {
    var instance = Matrix(rowCount: rowCount, columnCount: columns.count)
    instance.copy(self, columns: columns, to: 0)
    return instance
  }

  /// Copies columns of `other`, which has as many rows, to the columns from `start` on.
  mutating func copy(_ other: Matrix, columns: Range<Int>, to start: Int) {
    for row in 0..<rowCount {
      for column in columns {
        values[row * columnCount + start + column - columns.lowerBound] = other.values[row * other.columnCount + column]
      }
    }
  }

  /// Adds `other`, which has the same shape.
  mutating func add(_ other: Matrix) {
    precondition(rowCount == other.rowCount && columnCount == other.columnCount)
    let addend = other.values.span
    var sum = values.mutableSpan
    for index in sum.indices { sum[index] += addend[index] }
  }

  /// Appends the rows of `other`, which has as many columns.
  mutating func append(_ other: Matrix) {
    precondition(columnCount == other.columnCount)
    rowCount += other.rowCount
    values += other.values
  }

  /// Adds `other`, which has as many rows, to the columns from `start` on.
  mutating func add(_ other: Matrix, toColumnsFrom start: Int) {
    for row in 0..<rowCount {
      for column in 0..<other.columnCount {
        values[row * columnCount + start + column] += other.values[row * other.columnCount + column]
      }
    }
  }

  /// Subtracts `other`, which has the same shape.
  mutating func subtract(_ other: Matrix) {
    precondition(rowCount == other.rowCount && columnCount == other.columnCount)
    let subtrahend = other.values.span
    var difference = values.mutableSpan
    for index in difference.indices { difference[index] -= subtrahend[index] }
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

  /// Adds row `n` of `other`, times a weight, to row `targets[n]`.
  mutating func add(_ other: Matrix, toRows targets: [(position: Int, weight: Float)]) {
    for (row, target) in targets.enumerated() {
      for column in 0..<columnCount {
        values[target.position * columnCount + column] += other.values[row * columnCount + column] * target.weight
      }
    }
  }

  /// Multiplies each row by `vector`, value by value.
  mutating func multiply(eachRowBy vector: [Float]) {
    for index in values.indices { values[index] *= vector[index % columnCount] }
  }

  /// Multiplies every value by `factor`.
  mutating func multiply(by factor: Float) {
    var numbers = values.mutableSpan
    for index in numbers.indices { numbers[index] *= factor }
  }

  /// Multiplies every value by the factor of its row.
  mutating func multiply(byRow factor: (Int) -> Float) {
    let (rowCount, columnCount) = (rowCount, columnCount)
    var numbers = values.mutableSpan
    for row in 0..<rowCount {
      let factor = factor(row)
      for index in row * columnCount..<(row + 1) * columnCount { numbers[index] *= factor }
    }
  }

  /// Clamps every value to ± `limit`.
  mutating func clamp(to limit: Float) {
    var numbers = values.mutableSpan
    for index in numbers.indices { numbers[index] = min(max(numbers[index], -limit), limit) }
  }

  /// Multiplies each value by `1 / (1 + e^-s)`, where `s` is the value of `scores`, of the same shape, in its place.
  mutating func multiply(bySigmoidOf scores: Matrix) {
    precondition(rowCount == scores.rowCount && columnCount == scores.columnCount)
    for index in values.indices { values[index] *= Sigmoid.of(scores.values[index]) }
  }

  /// Multiplies each row by `1 / (1 + e^-s)`, where `s` is the value of its row in `scores` `[row, 1]`.
  mutating func multiply(rowsBySigmoidOf scores: Matrix) {
    for row in 0..<rowCount {
      let factor = Sigmoid.of(scores.values[row])
      for column in 0..<columnCount { values[row * columnCount + column] *= factor }
    }
  }
}
