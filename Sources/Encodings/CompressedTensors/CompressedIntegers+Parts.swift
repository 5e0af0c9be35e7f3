import Tensors

/// The ends of the names of the tensors that encode a weight.
enum CompressedPart {
  static let packed = ".weight_packed"
  static let weight = ".weight"
  static let scale = ".weight_scale"
  static let zeroPoint = ".weight_zero_point"
  static let shape = ".weight_shape"
  static let columnGroups = ".weight_g_idx"
  static let globalScale = ".weight_global_scale"

  static let all = [scale, zeroPoint, shape, columnGroups, globalScale]
}

extension CompressedIntegers {
  /// Codes that are packed into words.
  ///
  /// - Parameters:
  ///   - packing: that of the release that wrote them, where their width leaves it open.
  ///   - statedShape: the contents of `X.weight_shape`, which is read where scales leave the columns open.
  /// - Throws: if tensors have other formats or shapes than `arguments` say.
  init(
    packed group: PartGroup, _ arguments: WeightArguments, packing releasePacking: CodePacking?,
    statedShape: (TensorDescriptor) throws(EncodingError) -> [Int]
  ) throws(EncodingError) {
    let codes = group.codes, bits = arguments.bits
    guard codes.format == .i32 || codes.format == .u32, codes.shape.rank >= 2 else {
      throw .partFormat(codes, of: nil, expected: "a matrix of I32 with \(bits) bits for each code")
    }
    let scales = try group.required(CompressedPart.scale)
    let words = codes.shape.rowElementCount, leading = Array(codes.shape.dimensions.dropLast())
    var columnCount: Int?
    if case .group(let size) = arguments.strategy {
      // Releases of 2024 took fewer columns than a group has for a group.
      let product = scales.shape.rowElementCount.multipliedReportingOverflow(by: size)
      columnCount = product.overflow ? nil : product.partialValue
      if scales.shape.rowElementCount == 1, let full = columnCount, Self.packing(full, bits, words) == nil {
        columnCount = nil
      }
    }
    let stated = group.part(CompressedPart.shape)
    if let stated { try Self.requireIntegers(stated, of: codes, count: codes.shape.rank) }
    if columnCount == nil {
      let dimensions = try statedShape(group.required(CompressedPart.shape))
      guard let last = dimensions.last, last >= 0, Array(dimensions.dropLast()) == leading else {
        let shape = Shape(leading + dimensions.suffix(1).map { max(0, $0) }) ?? codes.shape
        throw .statedShape(try group.required(CompressedPart.shape), stated: dimensions, of: codes, shape: shape)
      }
      columnCount = last
    }
    guard let columnCount, let shape = Shape(leading + [columnCount]),
      let packing = Self.packing(columnCount, bits, words, preferred: releasePacking)
    else {
      let count = columnCount.flatMap { CodePacking.stream.wordCount($0, bitCount: bits) }
      throw .partShape(
        codes, of: nil,
        expected: "rows of \(count.map { "\($0.grouped) words" } ?? "other words") for \((columnCount ?? 0).grouped)"
          + " codes of \(bits) bits")
    }
    try self.init(group, shape, arguments, packing: packing)
  }

  /// Codes of a signed byte each.
  init(bytes group: PartGroup, _ arguments: WeightArguments) throws(EncodingError) {
    guard group.codes.format == .i8, group.codes.shape.rank >= 2 else {
      throw .partFormat(group.codes, of: nil, expected: "a matrix of I8")
    }
    try self.init(group, group.codes.shape, arguments, packing: nil)
  }

  private init(
    _ group: PartGroup, _ shape: Shape, _ arguments: WeightArguments, packing: CodePacking?
  ) throws(EncodingError) {
    codes = group.codes
    self.shape = shape
    self.packing = packing
    bitCount = packing == nil ? 8 : arguments.bits
    scales = try group.required(CompressedPart.scale)
    guard let format = scales.format, format.facts.kind == .float, format.elementsPerBlock == 1,
      format.bitsPerElement >= 16
    else { throw .scaleFormat(scales, of: codes) }
    grid = ScaleGrid(shape, arguments.block(for: shape))
    guard grid.fits(scales.shape) else {
      throw .partShape(scales, of: codes, expected: grid.expectation(for: shape))
    }
    statedShape = group.part(CompressedPart.shape)
    columnGroups = group.part(CompressedPart.columnGroups)
    if let columnGroups {
      try Self.requireIntegers(columnGroups, of: codes, count: shape.rowElementCount)
      guard case .group(let size) = arguments.strategy, shape.rowElementCount % size == 0 else {
        throw .partShape(columnGroups, of: codes, expected: "none without groups of columns")
      }
    }
    zeroPoints = try Self.zeroPoints(group, shape, arguments, packing, grid)
  }

  private static func zeroPoints(
    _ group: PartGroup, _ shape: Shape, _ arguments: WeightArguments, _ packing: CodePacking?, _ grid: ScaleGrid
  ) throws(EncodingError) -> CompressedZeroPoints? {
    guard let tensor = group.part(CompressedPart.zeroPoint) else {
      if !arguments.isSymmetric { _ = try group.required(CompressedPart.zeroPoint) }
      return nil
    }
    let matrixRowCount = max(1, shape.dimensions.dropLast().last ?? 1)
    let isPacked: Bool =
      switch arguments.strategy {
      case .group, .channel: packing != nil && !arguments.isSymmetric
      case .tensor, .block: false
      }
    guard isPacked, let packing else {
      // Symmetric weights may have zero points too, all of them 0.
      guard tensor.format == .i8 else { throw .partFormat(tensor, of: group.codes, expected: "I8") }
      guard grid.fits(tensor.shape) else {
        throw .partShape(tensor, of: group.codes, expected: grid.expectation(for: shape))
      }
      return CompressedZeroPoints(
        tensor: tensor, packing: nil, matrixRowCount: matrixRowCount, wordRowCount: matrixRowCount)
    }
    guard tensor.format == .i32 || tensor.format == .u32 else {
      throw .partFormat(tensor, of: group.codes, expected: "I32")
    }
    let rowCount = packing.wordCount(shape.dimensions.dropLast().last ?? 1, bitCount: arguments.bits) ?? 0
    let expected = Array(shape.dimensions.dropLast(2)) + [rowCount, grid.columnCount]
    guard tensor.shape.dimensions == expected else {
      throw .partShape(
        tensor, of: group.codes,
        expected:
          "\(expected.map(String.init).joined(separator: " × ")) (\(arguments.bits) bits for each row and group)")
    }
    return CompressedZeroPoints(
      tensor: tensor, packing: packing, matrixRowCount: matrixRowCount, wordRowCount: rowCount)
  }

  /// The packing by which `columnCount` codes fill `words` words; the preferred one if both do.
  private static func packing(
    _ columnCount: Int, _ bits: Int, _ words: Int, preferred: CodePacking? = nil
  ) -> CodePacking? {
    let fitting = [preferred, .stream, .wholeWords].compactMap { $0 }
    return fitting.first { $0.wordCount(columnCount, bitCount: bits) == words }
  }

  private static func requireIntegers(
    _ tensor: TensorDescriptor, of codes: TensorDescriptor, count: Int
  ) throws(EncodingError) {
    guard tensor.format == .i64 || tensor.format == .i32 else {
      throw .partFormat(tensor, of: codes, expected: "I64 or I32")
    }
    guard tensor.shape.dimensions == [count] else {
      throw .partShape(tensor, of: codes, expected: "\(count)")
    }
  }
}

extension WeightArguments {
  /// The rows and columns of a matrix of `shape` that share a scale; nil if all do.
  func block(for shape: Shape) -> ScaleBlock? {
    switch strategy {
    case .tensor: nil
    case .channel: ScaleBlock(rowCount: 1, columnCount: max(1, shape.rowElementCount))
    case .group(let size): ScaleBlock(rowCount: 1, columnCount: size)
    case .block(let rows, let columns): ScaleBlock(rowCount: rows, columnCount: columns)
    }
  }
}

extension ScaleGrid {
  /// `20 × 3 (groups of 32)`, for an error.
  func expectation(for shape: Shape) -> String {
    let dimensions = Shape(dimensions)?.description ?? "other dimensions"
    return block == nil ? "one element" : "\(dimensions) (\(words(for: shape)))"
  }
}
