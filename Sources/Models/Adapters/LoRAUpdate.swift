import Architectures
import Bytes
import Quantization
import Tensors

/// A product of two thin matrices that is added to a weight: `W[row] += s · Σₖ B[row, k] · A[k]`.
///
/// Summed in float32, k by k, a rounded product and a rounded sum each, so that the bits do not depend on the machine.
struct LoRAUpdate: Sendable {
  /// Numbers of an adapter, read when they are needed.
  struct Factor: Sendable {
    let tensor: TensorDescriptor
    /// Whether rows stand in the file as columns.
    let isTransposed: Bool

    /// The extents `[rows, width]` as they are used.
    var dimensions: [Int] { isTransposed ? tensor.shape.dimensions.reversed() : tensor.shape.dimensions }

    /// The rows `rows`, one after the other.
    func read(_ rows: Range<Int>, of checkpoint: Checkpoint) throws -> [Float] {
      let width = dimensions[1]
      let format = tensor.format ?? .f32
      guard isTransposed else {
        return try values(rows.lowerBound * width, rows.count * width, format, checkpoint)
      }
      var transposed = [Float](repeating: 0, count: rows.count * width)
      for column in 0..<width {
        let piece = try values(column * dimensions[0] + rows.lowerBound, rows.count, format, checkpoint)
        for (row, value) in piece.enumerated() { transposed[row * width + column] = value }
      }
      return transposed
    }

    private func values(_ first: Int, _ count: Int, _ format: StorageFormat, _ checkpoint: Checkpoint) throws -> [Float]
    {
      var bytes: [UInt8] = []
      try checkpoint.read(
        tensor, from: first * format.bytesPerBlock, count: count * format.bytesPerBlock, into: &bytes)
      return try Codec.decode(format, bytes, elementCount: count)
    }
  }

  /// `B`, a row for each of the weight's, and `A`, as wide as the weight.
  let up: Factor, down: Factor
  /// s
  let scale: Float
  /// How the adapter's model stores the weight, and which component of it a place is.
  let layout: StoredLayout, component: Int

  /// Adds to rows of the canonical tensor, each cut to `columns`; they stand as F32 at `targets` in units of such rows.
  func add(
    to output: inout [UInt8], rows: [(row: Int, target: Int)], columns: Range<Int>, of checkpoint: Checkpoint
  ) throws {
    let slots = rows.map { layout.logicalRow(of: .init(component: component, instance: 0, row: $0.row)) }
    guard let first = slots.min(), let last = slots.max() else { return }
    let rank = down.dimensions[0]
    let thin = try up.read(first..<last + 1, of: checkpoint)
    let wide = try down.read(0..<rank, of: checkpoint)
    let byteCount = columns.count * 4
    var sums = [Float](repeating: 0, count: columns.count), values = sums
    for (slot, target) in zip(slots, rows.map(\.target)) {
      for index in sums.indices { sums[index] = 0 }
      for k in 0..<rank {
        let start = k * layout.columnCount + columns.lowerBound
        Self.accumulate(
          thin[(slot - first) * rank + k], wide.span.extracting(start..<start + columns.count), into: &sums)
      }
      var destination = values.mutableSpan
      let bytes = target * byteCount..<(target + 1) * byteCount
      try Codec.decode(.f32, output.span.bytes.extracting(bytes), into: &destination)
      Self.accumulate(scale, sums.span, into: &values)
      output.replaceSubrange(bytes, with: try Codec.encode(.f32, values))
    }
  }

  /// `sums[i] += factor · row[i]`
  private static func accumulate(_ factor: Float, _ row: Span<Float>, into sums: inout [Float]) {
    var sums = sums.mutableSpan
    for index in row.indices { sums[index] += factor * row[index] }
  }
}
