import Bytes
import Tensors

/// A stack of FP4 matrices that the model has transposed: gpt-oss's experts.
///
///     stored      X_blocks [experts, out, in / 32, 16], X_scales [experts, out, in / 32]
///     the model   X [experts, in, out]
///
/// The rows of `gate_up_proj` are gate and up in turn, which become its columns in turn, as in the model's BF16 form.
struct TransposedFP4Composition: FloatCodeComposition {
  /// The matrices as they are stored.
  let matrices: FP4Composition
  let shape: Shape

  init(_ matrices: FP4Composition) throws(EncodingError) {
    let stored = matrices.shape.dimensions
    guard stored.count == 3, let shape = Shape([stored[0], stored[2], stored[1]]) else {
      throw .partShape(matrices.weight, of: nil, expected: "experts × rows × groups × 16")
    }
    self.matrices = matrices
    self.shape = shape
  }

  var code: FloatCode { .e2m1 }
  var scales: MatrixScales { matrices.scales }
  var sources: [TensorDescriptor] { matrices.sources }
  var description: String { "\(matrices.description), transposed" }
  var transposed: (any TensorComposition)? { matrices }

  var repackingObstacle: String? { "rows of blocks are columns of the model" }

  func decode(
    rows: Range<Int>, from reader: any StoredTensorReader, into values: inout MutableSpan<Float>
  ) throws {
    let rowCount = shape.dimensions[1], columnCount = shape.dimensions[2]
    guard !rows.isEmpty, columnCount > 0 else { return }
    var target = values.mutableBytes
    // A slab may have rows of several matrices.
    for matrix in rows.lowerBound / rowCount...(rows.upperBound - 1) / rowCount {
      let start = matrix * rowCount
      let inside = max(rows.lowerBound - start, 0)..<min(rows.upperBound - start, rowCount)
      try decode(
        matrix, rows: inside, from: reader, into: &target,
        at: (start + inside.lowerBound - rows.lowerBound) * columnCount)
    }
  }

  /// Decodes rows of one matrix, which are columns of the stored one, some stored rows at a time.
  private func decode(
    _ matrix: Int, rows: Range<Int>, from reader: any StoredTensorReader, into target: inout MutableRawSpan,
    at destination: Int
  ) throws {
    let columnCount = shape.dimensions[2], group = scales.grid.blockColumnCount
    // Whole groups, so that bytes and scales are whole.
    let groups = rows.lowerBound / group..<(rows.upperBound + group - 1) / group
    let columns = groups.lowerBound * group..<min(groups.upperBound * group, matrices.shape.rowElementCount)
    let step = Self.tileRowCount
    var tile = [Float](repeating: 0, count: min(step, columnCount) * columns.count)
    for first in Swift.stride(from: 0, to: columnCount, by: step) {
      let count = min(step, columnCount - first)
      let stored = matrix * columnCount + first
      var span = tile.mutableSpan
      var bytes = span.mutableBytes
      try matrices.decode(rows: stored..<stored + count, columns: columns, from: reader, into: &bytes)
      let source = tile.span.bytes, stride = columns.count * 4
      // Sixteen stored rows at a time fill whole cache lines of each row.
      for part in Swift.stride(from: 0, to: count, by: 16) {
        for row in rows {
          let place = (destination + (row - rows.lowerBound) * columnCount + first) * 4
          let start = (row - columns.lowerBound) * 4
          for index in part..<min(part + 16, count) {
            target.storeBytes(
              of: source.unsafeLoadUnaligned(fromByteOffset: index &* stride &+ start, as: Float.self),
              toByteOffset: place &+ index &* 4, as: Float.self)
          }
        }
      }
    }
  }

  /// Few rows stay in the cache.
  private static let tileRowCount = 32
}
