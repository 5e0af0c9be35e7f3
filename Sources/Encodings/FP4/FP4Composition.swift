import Bytes
import Tensors

/// A matrix of E2M1 codes, or a stack of them, with a scale for each group of a row: `value = code · scale`.
///
///     codes of a row    0 ┊ element 0 in bits 3…0, element 1 in bits 7…4 │ 1 ┊ elements 2 and 3 │ …
///     scales of a row   0 ┊ elements 0 … group − 1 │ 1 ┊ …
///
/// MXFP4 has groups of 32 with powers of two, NVFP4 groups of 16 with E4M3 numbers and a scale of all scales. That one is
/// applied to the scale first, in float32, as ModelOpt, compressed-tensors and vLLM do.
struct FP4Composition: FloatCodeComposition {
  let weight: TensorDescriptor
  let shape: Shape
  let scales: MatrixScales

  var code: FloatCode { .e2m1 }
  var sources: [TensorDescriptor] { [weight] + scales.tensors }

  var description: String {
    switch scales.blocks.coding {
    case .exponents where scales.grid.hasGroups(of: 32) && scales.global == nil: "MXFP4"
    case .e4m3 where scales.grid.hasGroups(of: 16): "NVFP4"
    default: "FP4 E2M1, \(scales.grid.words(for: shape))"
    }
  }

  var candidateFormats: [StorageFormat] {
    [StorageFormat.mxfp4, .nvfp4].filter { blocks(in: $0) != nil } + FloatCode.scalarFormats
  }

  func blocks(in format: StorageFormat) -> (any BlockSource)? {
    switch format {
    case .mxfp4: MXFP4Blocks(self)
    case .nvfp4: NVFP4Blocks(self)
    default: nil
    }
  }

  func decode(
    rows: Range<Int>, from reader: any StoredTensorReader, into values: inout MutableSpan<Float>
  ) throws {
    var target = values.mutableBytes
    try decode(rows: rows, columns: 0..<shape.rowElementCount, from: reader, into: &target)
  }

  /// Decodes some columns of rows, whole groups but for the last.
  func decode(
    rows: Range<Int>, columns: Range<Int>, from reader: any StoredTensorReader, into target: inout MutableRawSpan
  ) throws {
    guard !rows.isEmpty, !columns.isEmpty else { return }
    let grid = scales.grid, scaleRows = scales.scaleRows(of: rows)
    let factors = try scales.read(scaleRows: scaleRows, from: reader)
    let (stored, stride) = try codes(rows: rows, columns: columns, from: reader)
    let codes = stored.span.bytes, rowFactors = factors.span, group = grid.blockColumnCount
    for row in rows {
      let index = row - rows.lowerBound
      let scaleStart = (grid.row(of: row) - scaleRows.lowerBound) * grid.columnCount + columns.lowerBound / group
      let source = index * stride, destination = index * columns.count * 4
      for (groupIndex, first) in Swift.stride(from: 0, to: columns.count, by: group).enumerated() {
        FloatCode.decodePairs(
          codes, at: source &+ first / 2, count: min(group, columns.count &- first),
          by: rowFactors[scaleStart &+ groupIndex], into: &target, at: destination &+ first &* 4)
      }
    }
  }

  /// The bytes of the codes of some columns of rows, with the bytes from one row to the next.
  private func codes(
    rows: Range<Int>, columns: Range<Int>, from reader: any StoredTensorReader
  ) throws -> (bytes: [UInt8], stride: Int) {
    let width = shape.rowElementCount / 2, count = columns.count / 2, start = rows.lowerBound * width
    guard count < width else {
      return (try reader.bytes(of: weight, from: start, count: rows.count * width), width)
    }
    var bytes: [UInt8] = []
    let ranges = StridedRanges(
      count: rows.count, byteCount: count, offset: start + columns.lowerBound / 2, stride: width)
    // A request takes as long as some thousand bytes.
    guard count < 2048 else {
      try reader.read(ranges, of: weight, into: &bytes)
      return (bytes, count)
    }
    let spanned = (rows.count - 1) * width + count
    return (try reader.bytes(of: weight, from: ranges.offset, count: spanned), width)
  }
}

extension FP4Composition {
  /// Codes with scales beside them.
  ///
  /// - Parameters:
  ///   - weight: two codes a byte of any integer type; elements if it is F4.
  ///   - shape: the shape of the values, if it is not that of the bytes with twice the columns.
  ///   - bytes: the meaning of scales that are stored as integers.
  /// - Throws: if the tensors have other formats or shapes.
  init(
    _ weight: TensorDescriptor, shape: Shape? = nil, scales: TensorDescriptor, bytes: ScaleTensor.Coding = .exponents,
    global: GlobalScale? = nil
  ) throws(EncodingError) {
    guard let format = weight.format, format == .f4 || format == .u8 || format == .i8, weight.shape.rank >= 2 else {
      throw .partFormat(weight, of: nil, expected: "a matrix of U8 with two codes a byte")
    }
    let doubled = weight.shape.rowElementCount.multipliedReportingOverflow(by: format == .f4 ? 1 : 2)
    guard !doubled.overflow, doubled.partialValue % 2 == 0,
      let shape = shape ?? Shape(weight.shape.dimensions.dropLast() + [doubled.partialValue])
    else { throw .partShape(weight, of: nil, expected: "a matrix with an even number of columns") }
    let factors = try ScaleTensor(scales, of: weight, bytes: bytes)
    try global?.requireFit(of: weight, shape: shape)
    let width = shape.rowElementCount, groupCount = scales.shape.rowElementCount
    let group = groupCount > 0 && width % groupCount == 0 ? width / groupCount : 0
    let grid = ScaleGrid(shape, ScaleBlock(rowCount: 1, columnCount: group))
    guard group >= 2, group % 2 == 0, grid.fits(scales.shape) else {
      throw .partShape(scales, of: weight, expected: "a scale for each group of 16 or 32 columns of each row")
    }
    self.init(weight: weight, shape: shape, scales: MatrixScales(factors, grid, global: global))
  }
}

extension FloatCode {
  /// Stores `code · factor` for `count` codes of E2M1, an even number of them, two in each byte and the low bits first.
  @inline(__always)
  static func decodePairs(
    _ codes: RawSpan, at source: Int, count: Int, by factor: Float, into values: inout MutableRawSpan,
    at destination: Int
  ) {
    let factors = SIMD8<Float>(repeating: factor)
    var index = 0
    while index &+ 16 <= count {
      let eight = codes.unsafeLoadUnaligned(fromByteOffset: source &+ index / 2, as: SIMD8<UInt8>.self)
      let pairs = eight.nibbles
      values.storeBytes(
        of: e2m1(pairs.lowHalf) * factors, toByteOffset: destination &+ index &* 4, as: SIMD8<Float>.self)
      values.storeBytes(
        of: e2m1(pairs.highHalf) * factors, toByteOffset: destination &+ index &* 4 &+ 32, as: SIMD8<Float>.self)
      index &+= 16
    }
    guard index < count else { return }
    let table = FloatCode.e2m1.values
    while index < count {
      let pair = codes.unsafeLoadUnaligned(fromByteOffset: source &+ index / 2, as: UInt8.self)
      let start = destination &+ index &* 4
      values.storeBytes(of: table[Int(pair & 15)] * factor, toByteOffset: start, as: Float.self)
      values.storeBytes(of: table[Int(pair >> 4)] * factor, toByteOffset: start &+ 4, as: Float.self)
      index &+= 2
    }
  }
}

extension SIMD8 where Scalar == UInt8 {
  /// The four bits of each half byte, the low ones first.
  @inline(__always)
  var nibbles: SIMD16<UInt8> {
    let wide = SIMD8<UInt16>(truncatingIfNeeded: self)
    let spread = (wide | (wide &<< SIMD8<UInt16>(repeating: 4))) & SIMD8<UInt16>(repeating: 0x0F0F)
    return unsafeBitCast(spread, to: SIMD16<UInt8>.self)
  }
}
