/// Rows of integer codes in which consecutive elements share a scale and a zero.
///
///     codes   ┌ group 0 ┬ group 1 ┬ … ┐   a byte each, unsigned; row after row
///     scales  s₀        s₁            ⎫
///     zeros   z₀        z₁            ⎬   one for each group of a row; the last group of a row may be cut
///     biases  b₀        b₁            ⎭
///
/// The value of a code is `(code − z) · s`, or `code · s + b`, in float32.
struct GroupedIntegers {
  /// The point that codes are counted from.
  enum Zero: Hashable, Sendable {
    /// One integer for all codes: 8 for symmetric codes of 4 bits, 128 for signed bytes of which the top bit was inverted.
    case constant(Int)
    /// An integer for each group.
    case points
    /// A number for each group, which is added to the product.
    case biases

    var words: String {
      switch self {
      case .constant(let zero): "the zero point \(zero)"
      case .points: "zero points"
      case .biases: "biases"
      }
    }
  }

  private(set) var rowCount = 0
  private(set) var columnCount = 0
  private(set) var groupElementCount = 1
  private(set) var groupCount = 0
  /// One byte for each element.
  var codes: [UInt8] = []
  /// One for each group of each row.
  var scales: [Float] = []
  /// The same, for `Zero.points`; empty otherwise.
  var zeroPoints: [Int16] = []
  /// The same, for `Zero.biases`; empty otherwise.
  var biases: [Float] = []

  /// Makes room for `rowCount` rows; what was there is overwritten by the caller.
  mutating func prepare(rowCount: Int, columnCount: Int, groupElementCount: Int, zero: Zero) {
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.groupElementCount = max(1, groupElementCount)
    groupCount = (columnCount + self.groupElementCount - 1) / self.groupElementCount
    let elementCount = rowCount * columnCount, scaleCount = rowCount * groupCount
    if codes.count != elementCount { codes = [UInt8](repeating: 0, count: elementCount) }
    if scales.count != scaleCount { scales = [Float](repeating: 0, count: scaleCount) }
    if zero == .points, zeroPoints.count != scaleCount { zeroPoints = [Int16](repeating: 0, count: scaleCount) }
    if zero == .biases, biases.count != scaleCount { biases = [Float](repeating: 0, count: scaleCount) }
  }

  /// Decodes all rows into the head of `values`, where each column has a group of its own.
  ///
  /// - Parameter groupOfColumn: the group of each column, below `groupCount`.
  func decode(zero: Zero, groupOfColumn: [Int32], into values: inout MutableSpan<Float>) {
    let codes = codes.span, scales = scales.span, zeroPoints = zeroPoints.span, groupOfColumn = groupOfColumn.span
    for row in 0..<rowCount {
      let first = row &* columnCount, firstGroup = row &* groupCount
      for column in 0..<columnCount {
        let group = firstGroup &+ Int(groupOfColumn[column])
        let point: Int32 = if case .constant(let point) = zero { Int32(point) } else { Int32(zeroPoints[group]) }
        values[first &+ column] = Float(Int32(codes[first &+ column]) &- point) * scales[group]
      }
    }
  }

  /// Decodes all rows into the head of `values`.
  func decode(zero: Zero, into values: inout MutableSpan<Float>) {
    let codes = codes.span, scales = scales.span, zeroPoints = zeroPoints.span, biases = biases.span
    for row in 0..<rowCount {
      for group in 0..<groupCount {
        let first = row * columnCount + group * groupElementCount
        let end = min(first + groupElementCount, (row + 1) * columnCount)
        let index = row * groupCount + group
        let scale = scales[index]
        switch zero {
        case .biases:
          let bias = biases[index]
          for element in first..<end { values[element] = Float(codes[element]) * scale + bias }
        case .points, .constant:
          let point: Int32 = if case .constant(let point) = zero { Int32(point) } else { Int32(zeroPoints[index]) }
          for element in first..<end { values[element] = Float(Int32(codes[element]) &- point) * scale }
        }
      }
    }
  }
}
