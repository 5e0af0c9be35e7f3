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
  /// The number of weight rows in a slab that is kept.
  static let keptSlabHeight = 4 * PackedWeights.height

  /// Multiplies `x` `[position, in]` by `outputCount` rows of weights `[out, in]`: `[position, out]`.
  ///
  /// `read` writes the rows of a range, one after the other, to the start of the array.
  static func multiply(
    _ x: Matrix, outputCount: Int, threads: Int,
    read: @Sendable (_ rows: Range<Int>, _ values: inout [Float]) throws -> Void
  ) throws -> Matrix {
    var packed = PackedActivations()
    packed.pack(x, rows: 0..<x.rowCount, columns: 0..<x.columnCount, threads: threads)
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

  /// Reads and packs `outputCount` rows of weights `[out, depth]`, in slabs for `multiply`.
  static func slabs(
    outputCount: Int, depth: Int, threads: Int,
    read: @Sendable (_ rows: Range<Int>, _ values: inout [Float]) throws -> Void
  ) throws -> [PackedWeights] {
    let count = (outputCount + keptSlabHeight - 1) / keptSlabHeight
    let result = Mutex([PackedWeights](repeating: PackedWeights(), count: count))
    try Parallel.forEach(count, threads: threads, state: { [Float]() }) { values, slab in
      let rows = slab * keptSlabHeight..<min((slab + 1) * keptSlabHeight, outputCount)
      try read(rows, &values)
      var weights = PackedWeights()
      weights.pack(values, rowCount: rows.count, depth: depth, stride: depth)
      result.withLock { $0[slab] = weights }
    }
    return result.withLock { $0 }
  }

  /// Multiplies `x` `[position, in]` by weights that are packed already.
  static func multiply(_ x: Matrix, _ slabs: [PackedWeights], outputCount: Int, threads: Int) throws -> Matrix {
    var packed = PackedActivations()
    packed.pack(x, rows: 0..<x.rowCount, columns: 0..<x.columnCount, threads: threads)
    let strips = packed
    let result = Mutex(Matrix(rowCount: x.rowCount, columnCount: outputCount))
    try Parallel.forEach(slabs.count, threads: threads, state: PackedProduct.init) { product, slab in
      product.multiply(strips, slabs[slab])
      result.withLock { product.copy(to: &$0, row: 0, column: slab * keptSlabHeight) }
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
    guard strips.rowCount > 1 else {
      Self.multiply(
        row: left, depth: strips.depth, right, panels: chosen, panelDepth: panels.depth, into: &sums)
      return
    }
    for blockStart in stride(from: 0, to: strips.depth, by: MatrixProduct.blockDepth) {
      let blockDepth = min(MatrixProduct.blockDepth, strips.depth - blockStart)
      for panel in 0..<panelCount {
        let panelStart = (chosen.lowerBound + panel) * panels.depth + blockStart
        let weights = right.extracting(panelStart..<panelStart + blockDepth)
        for strip in 0..<strips.count {
          let stripStart = strip * strips.depth + blockStart
          let block = left.extracting(stripStart..<stripStart + blockDepth)
          Tile(block, weights).add(
            to: &sums, at: strip * PackedActivations.height * panelCount + panel, stride: panelCount)
        }
      }
    }
  }

  /// Computes the product of one row, whose values are the first of a strip. Four panels go side by side, so that
  /// their sums, each in order, do not wait for each other.
  private static func multiply(
    row: Span<PackedActivations.Column>, depth: Int, _ vectors: Span<SIMD16<Float>>, panels: Range<Int>,
    panelDepth: Int, into sums: inout MutableSpan<SIMD16<Float>>
  ) {
    for blockStart in stride(from: 0, to: depth, by: MatrixProduct.blockDepth) {
      let blockDepth = min(MatrixProduct.blockDepth, depth - blockStart)
      let values = row.extracting(blockStart..<blockStart + blockDepth)
      var panel = panels.lowerBound
      while panel < panels.upperBound {
        let start = panel * panelDepth + blockStart, target = panel - panels.lowerBound
        if panel + 4 <= panels.upperBound {
          let tile = RowTile(values, vectors, start: start, stride: panelDepth, depth: blockDepth)
          sums[target] += tile.sum0
          sums[target + 1] += tile.sum1
          sums[target + 2] += tile.sum2
          sums[target + 3] += tile.sum3
          panel += 4
        } else {
          var sum = SIMD16<Float>()
          let weights = vectors.extracting(start..<start + blockDepth)
          for index in weights.indices {
            sum += SIMD16(repeating: values[index][0]) * weights[index]
          }
          sums[target] += sum
          panel += 1
        }
      }
    }
  }

  /// Copies the result into `matrix`, the first value to `row` and `column`.
  func copy(to matrix: inout Matrix, row firstRow: Int, column firstColumn: Int) {
    let columnCount = self.columnCount
    let stride = matrix.columnCount
    let sums = vectors.span
    let wholeCount = columnCount / PackedWeights.height
    var target = matrix.values.mutableSpan
    var bytes = target.mutableBytes
    for row in 0..<rowCount {
      let start = (firstRow + row) * stride + firstColumn
      for panel in 0..<panelCount {
        let vector = sums[row * panelCount + panel]
        let first = start + panel * PackedWeights.height
        if panel < wholeCount {
          bytes.storeBytes(of: vector, toByteOffset: first * MemoryLayout<Float>.stride, as: SIMD16<Float>.self)
          continue
        }
        for lane in 0..<columnCount - panel * PackedWeights.height {
          bytes.storeBytes(of: vector[lane], toByteOffset: (first + lane) * MemoryLayout<Float>.stride, as: Float.self)
        }
      }
    }
  }
}

/// One row by four times sixteen columns of a product, in registers.
private struct RowTile {
  private(set) var sum0 = SIMD16<Float>(), sum1 = SIMD16<Float>(), sum2 = SIMD16<Float>(), sum3 = SIMD16<Float>()

  /// Adds up the terms of one block, in order, rounding each product; the panels begin at `start`, `start + stride`, ….
  @inline(__always)
  init(
    _ values: Span<PackedActivations.Column>, _ vectors: Span<SIMD16<Float>>, start: Int, stride: Int, depth: Int
  ) {
    let panel0 = vectors.extracting(start..<start + depth)
    let panel1 = vectors.extracting(start + stride..<start + stride + depth)
    let panel2 = vectors.extracting(start + 2 * stride..<start + 2 * stride + depth)
    let panel3 = vectors.extracting(start + 3 * stride..<start + 3 * stride + depth)
    for index in panel0.indices {
      let value = SIMD16(repeating: values[index][0])
      sum0 += value * panel0[index]
      sum1 += value * panel1[index]
      sum2 += value * panel2[index]
      sum3 += value * panel3[index]
    }
  }
}

/// Six rows by sixteen columns of a product, in registers.
private struct Tile {
  private var row0 = SIMD16<Float>(), row1 = SIMD16<Float>(), row2 = SIMD16<Float>()
  private var row3 = SIMD16<Float>(), row4 = SIMD16<Float>(), row5 = SIMD16<Float>()

  /// Adds up the terms of one block: `strip` `[depth][6]` times `panel` `[depth]`, in order, rounding each product.
  ///
  /// Both have one element for each term: bounds are checked before the loop, which the checks would slow down by a third.
  @inline(__always)
  init(_ strip: Span<PackedActivations.Column>, _ panel: Span<SIMD16<Float>>) {
    precondition(strip.count == panel.count)
    for index in panel.indices {
      let weights = panel[index], values = strip[index]
      row0 += SIMD16(repeating: values[0]) * weights
      row1 += SIMD16(repeating: values[1]) * weights
      row2 += SIMD16(repeating: values[2]) * weights
      row3 += SIMD16(repeating: values[3]) * weights
      row4 += SIMD16(repeating: values[4]) * weights
      row5 += SIMD16(repeating: values[5]) * weights
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
