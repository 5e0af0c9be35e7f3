import Bytes
import Tensors

/// A matrix of FP8 codes, or a stack of them, with a scale for each block: `value = code · scale`, one float32 product.
struct FP8Composition: FloatCodeComposition {
  let weight: TensorDescriptor
  let code: FloatCode
  let scales: MatrixScales

  var sources: [TensorDescriptor] { [weight] + scales.tensors }
  var shape: Shape { weight.shape }

  var description: String {
    if scales.blocks.coding == .exponents, scales.grid.hasGroups(of: 32) { return "MXFP8 \(code.rawValue)" }
    return "FP8 \(code.rawValue), \(scales.grid.words(for: shape))"
  }

  var repackingObstacle: String? { "no block format has FP8 codes" }

  func decode(
    rows: Range<Int>, from reader: any StoredTensorReader, into values: inout MutableSpan<Float>
  ) throws {
    let width = shape.rowElementCount
    guard !rows.isEmpty, width > 0 else { return }
    let stored = try reader.bytes(of: weight, from: rows.lowerBound * width, count: rows.count * width)
    let grid = scales.grid, scaleRows = scales.scaleRows(of: rows)
    let factors = try scales.read(scaleRows: scaleRows, from: reader)
    let codes = stored.span.bytes, rowFactors = factors.span
    var target = values.mutableBytes
    for row in rows {
      let start = (row - rows.lowerBound) * width
      let scaleStart = (grid.row(of: row) - scaleRows.lowerBound) * grid.columnCount
      if grid.blockColumnCount == 1, width > 1 {
        code.decode(
          codes, at: start, count: width, by: rowFactors.extracting(scaleStart..<scaleStart + width), into: &target,
          at: start * 4)
        continue
      }
      for blockColumn in 0..<grid.columnCount {
        let first = blockColumn * grid.blockColumnCount
        code.decode(
          codes, at: start + first, count: min(grid.blockColumnCount, width - first),
          by: rowFactors[scaleStart + blockColumn], into: &target, at: (start + first) * 4)
      }
    }
  }
}

extension FP8Composition {
  /// FP8 codes with scales beside them.
  ///
  /// - Parameters:
  ///   - code: that of codes stored as integers; nil for that of the storage format.
  ///   - block: the block that a configuration announces; nil if the shape of the scales shows it.
  /// - Throws: if the tensors have other formats or shapes.
  init(
    _ weight: TensorDescriptor, code: FloatCode? = nil, scales: TensorDescriptor, block: ScaleBlock? = nil,
    global: GlobalScale? = nil
  ) throws(EncodingError) {
    guard let code = code ?? FloatCode(weight.format), code != .e2m1, weight.shape.rank >= 2 else {
      throw .partFormat(weight, of: nil, expected: "a matrix of F8_E4M3 or F8_E5M2")
    }
    let factors = try ScaleTensor(scales, of: weight)
    try global?.requireFit(of: weight, shape: weight.shape)
    if let block {
      let grid = ScaleGrid(weight.shape, block)
      guard grid.fits(scales.shape) else {
        throw .scaleShape(scales, of: weight, expected: Shape(grid.dimensions) ?? [], block: block)
      }
      self.init(weight: weight, code: code, scales: MatrixScales(factors, grid, global: global))
      return
    }
    guard let grid = ScaleGrid(weight.shape, inferredFrom: scales.shape) else {
      throw .partShape(scales, of: weight, expected: "one scale, one for each row or one for each block of 128 × 128")
    }
    self.init(weight: weight, code: code, scales: MatrixScales(factors, grid, global: global))
  }
}
