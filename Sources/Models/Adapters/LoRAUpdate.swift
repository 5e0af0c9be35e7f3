import Architectures
import Bytes
import Quantization
import Tensors

/// A product of two thin matrices that is added to a weight: `W[row] += s · Σₖ B[row, k] · A[k]`.
///
/// Summed in float32, k by k, a rounded product and a rounded sum each, so that the bits do not depend on the machine.
struct LoRAUpdate: RowUpdate {
  /// Numbers of an adapter, read when they are needed.
  struct Factor: Sendable {
    let tensor: TensorDescriptor
    /// Whether the file stores the transpose.
    let isTransposed: Bool

    /// The dimensions `[rows, columns]`, after transposing.
    var dimensions: [Int] { isTransposed ? tensor.shape.dimensions.reversed() : tensor.shape.dimensions }

    /// The rows `rows`, one after the other.
    func read(_ rows: Range<Int>, of checkpoint: Checkpoint) throws -> [Float] {
      let width = dimensions[1]
      guard isTransposed else {
        return try values(rows.lowerBound * width, rows.count * width, checkpoint)
      }
      var transposed = [Float](repeating: 0, count: rows.count * width)
      for column in 0..<width {
        let values = try values(column * dimensions[0] + rows.lowerBound, rows.count, checkpoint)
        for (row, value) in values.enumerated() { transposed[row * width + column] = value }
      }
      return transposed
    }

    private func values(_ first: Int, _ count: Int, _ checkpoint: Checkpoint) throws -> [Float] {
      var values = [Float](repeating: 0, count: count)
      var destination = values.mutableSpan
      try SourceTensorReader(checkpoint: checkpoint).decode(first..<first + count, of: tensor, into: &destination)
      return values
    }
  }

  /// `B`, a row for each of the weight's, and `A`, as wide as the weight.
  let up: Factor, down: Factor
  var words: String { "plus a product of low rank" }

  /// s
  let scale: Float
  /// The layout of the weight in the adapter's model, and the component of a slot.
  let layout: StoredLayout, component: Int

  func add(
    to values: inout DecodedValues, rows: [UpdatedRow], columns: Range<Int>, stride: Int, of checkpoint: Checkpoint
  ) throws {
    let stored = rows.map { layout.logicalRow(of: .init(component: component, instance: 0, row: $0.canonicalRow)) }
    guard let first = stored.min(), let last = stored.max() else { return }
    let rank = down.dimensions[0]
    let thin = try up.read(first..<last + 1, of: checkpoint)
    let wide = canonicalColumns(try down.read(0..<rank, of: checkpoint))
    var sums = [Float](repeating: 0, count: columns.count)
    for (index, row) in zip(stored, rows) {
      for column in sums.indices { sums[column] = 0 }
      for k in 0..<rank {
        let start = k * layout.columnCount + columns.lowerBound
        Self.accumulate(
          thin[(index - first) * rank + k], wide.span.extracting(start..<start + columns.count), into: &sums)
      }
      values.add(sums.span, times: scale, from: row.start, stride: stride)
    }
  }

  /// The rows of `A` with their columns in the canonical order.
  private func canonicalColumns(_ rows: [Float]) -> [Float] {
    ColumnMoves(count: layout.columnCount, from: layout.columnOrder, to: .canonical)?.moved(rows) ?? rows
  }

  /// `sums[i] += factor · row[i]`
  private static func accumulate(_ factor: Float, _ row: Span<Float>, into sums: inout [Float]) {
    var sums = sums.mutableSpan
    for index in row.indices { sums[index] += factor * row[index] }
  }
}
