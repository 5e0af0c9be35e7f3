import Bytes
import Synchronization

/// The product of activations and weights, `y = x · wᵀ`, in the order that `reference` defines.
///
/// Each thread reads, decodes and packs a few rows of weights at a time. A row of weights, a column of the result, belongs to
/// one thread, so the result does not depend on the number of threads.
enum MatrixProduct {
  /// The number of terms added before the sum is added to the total: 16 KiB of a panel, half of a first-level cache.
  static let blockDepth = 256
  /// The number of weight rows that a thread processes at a time.
  static let slabHeight = 2 * PackedWeights.height

  /// Multiplies `x` `[position, in]` by `outputCount` rows of weights `[out, in]`: `[position, out]`.
  ///
  /// `read` writes the rows of a range, one after the other, to the start of the array.
  static func multiply(
    _ x: Matrix, outputCount: Int, threads: Int,
    read: @Sendable (_ rows: Range<Int>, _ values: inout [Float]) throws -> Void
  ) throws -> Matrix {
    var packed = PackedActivations()
    packed.pack(x, rows: 0..<x.rowCount, columns: 0..<x.columnCount)
    let strips = packed
    let result = Mutex(Matrix(rowCount: x.rowCount, columnCount: outputCount))
    let slabCount = (outputCount + slabHeight - 1) / slabHeight
    try Parallel.forEach(slabCount, threads: threads, state: Workspace.init) { workspace, slab in
      let rows = slab * slabHeight..<min((slab + 1) * slabHeight, outputCount)
      try read(rows, &workspace.rows)
      workspace.panels.pack(workspace.rows, rowCount: rows.count, depth: strips.depth, stride: strips.depth)
      workspace.product.multiply(strips, workspace.panels)
      result.withLock { workspace.product.copy(to: &$0, row: 0, column: rows.lowerBound) }
    }
    return result.withLock { $0 }
  }

  /// The buffers that a thread reuses from slab to slab.
  private struct Workspace: Sendable {
    var rows: [Float] = []
    var panels = PackedWeights()
    var product = PackedProduct()
  }
}

/// The product of strips and panels: for each row, a vector of sixteen columns per panel.
struct PackedProduct: Sendable {
  private(set) var rowCount = 0
  private(set) var columnCount = 0
  /// Vectors in a row.
  private(set) var panelCount = 0
  /// `[row][panel]`
  var vectors: [SIMD16<Float>] = []

  /// Computes strips `[row, depth]` · panels `[column, depth]`ᵀ, for the panels `chosen` (all, if nil).
  ///
  /// The sums have as many terms as the strips, even if the panels are deeper.
  mutating func multiply(_ strips: PackedActivations, _ panels: PackedWeights, chosen: Range<Int>? = nil) {
    let chosen = chosen ?? 0..<panels.count
    let panelCount = chosen.count
    rowCount = strips.rowCount
    columnCount =
      min(panels.rowCount, chosen.upperBound * PackedWeights.height) - chosen.lowerBound * PackedWeights.height
    self.panelCount = panelCount
    vectors.removeAll(keepingCapacity: true)
    vectors.append(contentsOf: repeatElement(SIMD16(), count: strips.count * PackedActivations.height * panelCount))
    let left = strips.values.span
    let right = panels.vectors.span
    var sums = vectors.mutableSpan
    for blockStart in stride(from: 0, to: strips.depth, by: MatrixProduct.blockDepth) {
      let blockDepth = min(MatrixProduct.blockDepth, strips.depth - blockStart)
      for panel in 0..<panelCount {
        let panelStart = (chosen.lowerBound + panel) * panels.depth + blockStart
        let weights = right.extracting(panelStart..<panelStart + blockDepth)
        for strip in 0..<strips.count {
          let stripStart = (strip * strips.depth + blockStart) * PackedActivations.height
          let block = left.extracting(stripStart..<stripStart + blockDepth * PackedActivations.height)
          Tile(block, weights).add(
            to: &sums, at: strip * PackedActivations.height * panelCount + panel, stride: panelCount)
        }
      }
    }
  }

  /// Copies the result into `matrix`, the first value to `row` and `column`.
  func copy(to matrix: inout Matrix, row firstRow: Int, column firstColumn: Int) {
    let columnCount = self.columnCount
    let stride = matrix.columnCount
    let sums = vectors.span
    var target = matrix.values.mutableSpan
    for row in 0..<rowCount {
      let start = (firstRow + row) * stride + firstColumn
      for panel in 0..<panelCount {
        let vector = sums[row * panelCount + panel]
        let column = panel * PackedWeights.height
        for lane in 0..<min(PackedWeights.height, columnCount - column) { target[start + column + lane] = vector[lane] }
      }
    }
  }
}

/// Six rows by sixteen columns of a product, in registers.
private struct Tile {
  private var row0 = SIMD16<Float>(), row1 = SIMD16<Float>(), row2 = SIMD16<Float>()
  private var row3 = SIMD16<Float>(), row4 = SIMD16<Float>(), row5 = SIMD16<Float>()

  /// Adds up the terms of one block: `strip` `[depth][6]` times `panel` `[depth]`, in order, rounding each product.
  @inline(__always)
  init(_ strip: Span<Float>, _ panel: Span<SIMD16<Float>>) {
    for index in panel.indices {
      let weights = panel[index]
      let first = index &* 6
      row0 += SIMD16(repeating: strip[first]) * weights
      row1 += SIMD16(repeating: strip[first &+ 1]) * weights
      row2 += SIMD16(repeating: strip[first &+ 2]) * weights
      row3 += SIMD16(repeating: strip[first &+ 3]) * weights
      row4 += SIMD16(repeating: strip[first &+ 4]) * weights
      row5 += SIMD16(repeating: strip[first &+ 5]) * weights
    }
  }

  /// Adds the six vectors to the totals at `start`, `start + stride`, ….
  @inline(__always)
  func add(to totals: inout MutableSpan<SIMD16<Float>>, at start: Int, stride: Int) {
    totals[start] += row0
    totals[start + stride] += row1
    totals[start + 2 * stride] += row2
    totals[start + 3 * stride] += row3
    totals[start + 4 * stride] += row4
    totals[start + 5 * stride] += row5
  }
}
