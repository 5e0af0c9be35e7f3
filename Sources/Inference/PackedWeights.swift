/// The right factor of a product, packed: panels of sixteen weight rows, transposed so that the sixteen values of one
/// column are a vector.
///
///     rows o … o+15, columns 0, 1, 2, …   ─►   panel: (w[o,0] w[o+1,0] … w[o+15,0])  (w[o,1] … w[o+15,1])  …
///
/// Missing rows of the last panel are zero.
struct PackedWeights: Sendable {
  /// Rows in a panel.
  static let height = 16

  /// Rows that were packed: the columns of the product.
  private(set) var rowCount = 0
  /// The number of values in a row: the length of the sums.
  private(set) var depth = 0
  /// `[panel][column]`, a lane for each row of the panel.
  private(set) var vectors: [SIMD16<Float>] = []

  /// The number of panels for `rowCount` rows.
  var count: Int { (rowCount + Self.height - 1) / Self.height }

  /// Packs `rowCount` rows of `depth` values; row `r` begins at `start + r * stride`.
  mutating func pack(_ source: [Float], rowCount: Int, depth: Int, start: Int = 0, stride: Int) {
    clear(rowCount: rowCount, depth: depth)
    let numbers = source.span
    let panelCount = count
    var target = vectors.mutableSpan
    for panel in 0..<panelCount {
      let height = min(Self.height, rowCount - panel * Self.height)
      for lane in 0..<height {
        let first = start + (panel * Self.height + lane) * stride
        let row = numbers.extracting(first..<first + depth)
        for column in 0..<depth { target[panel * depth + column][lane] = row[column] }
      }
    }
  }

  /// Packs the transpose of `depth` rows of `rowCount` values; row `r` begins at `start + r * stride`.
  mutating func pack(transposing source: [Float], rowCount: Int, depth: Int, start: Int, stride: Int) {
    clear(rowCount: rowCount, depth: depth)
    let numbers = source.span
    let panelCount = count
    var target = vectors.mutableSpan
    for panel in 0..<panelCount {
      let height = min(Self.height, rowCount - panel * Self.height)
      for column in 0..<depth {
        let first = start + column * stride + panel * Self.height
        for lane in 0..<height { target[panel * depth + column][lane] = numbers[first + lane] }
      }
    }
  }

  private mutating func clear(rowCount: Int, depth: Int) {
    self.rowCount = rowCount
    self.depth = depth
    vectors.removeAll(keepingCapacity: true)
    vectors.append(contentsOf: repeatElement(SIMD16(), count: count * depth))
  }
}
