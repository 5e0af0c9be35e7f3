import Bytes
import Tensors

/// A matrix of integer codes that compressed-tensors stored, or a stack of them: `value = (code − zero point) · scale`.
///
///     X.weight_packed      [out, words]            codes of `bits` bits plus 2^(bits − 1), packed along a row (`CodePacking`)
///     X.weight             [out, in]               or codes of a signed byte each
///     X.weight_scale       [out, in / group], [out, 1], [1] or a grid of blocks: F16, BF16 or F32
///     X.weight_zero_point  [words of out, groups]  packed as the codes, along a column; a signed byte each in other strategies
///     X.weight_shape       [2]                     out and in, which the words leave open
///     X.weight_g_idx       [in]                    the group of each column, where releases before 0.20 permuted them
struct CompressedIntegers: GroupedIntegerComposition {
  let codes: TensorDescriptor
  /// Nil for codes of a byte each.
  let packing: CodePacking?
  let scales: TensorDescriptor
  let grid: ScaleGrid
  let zeroPoints: CompressedZeroPoints?
  /// `X.weight_shape`.
  let statedShape: TensorDescriptor?
  /// `X.weight_g_idx`.
  let columnGroups: TensorDescriptor?
  let shape: Shape
  let bitCount: Int

  var groupElementCount: Int { min(grid.blockColumnCount, max(1, shape.rowElementCount)) }

  var zero: GroupedIntegers.Zero {
    guard zeroPoints == nil else { return .points }
    return .constant(codeOffset)
  }

  /// What is added to a signed code. Codes of a byte each become unsigned in the same way.
  var codeOffset: Int { packing == nil ? 128 : 1 << (bitCount - 1) }

  var sources: [TensorDescriptor] {
    [codes, scales] + [zeroPoints?.tensor, statedShape, columnGroups].compactMap { $0 }
  }

  var description: String {
    "compressed-tensors, \(counted(bitCount, "bit")), \(grid.words(for: shape))\(columnGroups == nil ? "" : ", act-order")"
  }

  var hasPermutedColumns: Bool { columnGroups != nil }

  func decode(
    rows: Range<Int>, from reader: any StoredTensorReader, into values: inout MutableSpan<Float>
  ) throws {
    guard !rows.isEmpty, shape.rowElementCount > 0 else { return }
    var groups = GroupedIntegers()
    try unpack(rows: rows, from: reader, into: &groups)
    if let columnGroups, let groupOfColumn = try self.groupOfColumn(columnGroups, from: reader) {
      groups.decode(zero: zero, groupOfColumn: groupOfColumn, into: &values)
    } else {
      groups.decode(zero: zero, into: &values)
    }
  }

  func unpack(rows: Range<Int>, from reader: any StoredTensorReader, into groups: inout GroupedIntegers) throws {
    try unpackScales(rows: rows, from: reader, into: &groups)
    guard !rows.isEmpty else { return }
    let rowByteCount = packing == nil ? shape.rowElementCount : codes.shape.rowElementCount * 4
    let stored = try reader.bytes(of: codes, from: rows.lowerBound * rowByteCount, count: rows.count * rowByteCount)
    let width = shape.rowElementCount
    let source = stored.span.bytes
    var span = groups.codes.mutableSpan
    var target = span.mutableBytes
    guard let packing else {
      for index in 0..<rows.count * width {
        let code = source.unsafeLoadUnaligned(fromByteOffset: index, as: UInt8.self)
        target.storeBytes(of: code ^ 0x80, toByteOffset: index, as: UInt8.self)
      }
      return
    }
    // Rows without idle bits are one long row.
    let isContinuous = packing == .stream && width * bitCount == rowByteCount * 8 && width % 8 == 0
    let rowCount = isContinuous ? 1 : rows.count, count = isContinuous ? rows.count * width : width
    for row in 0..<rowCount {
      packing.unpack(
        source.extracting(row &* rowByteCount..<(isContinuous ? stored.count : (row &+ 1) &* rowByteCount)), at: 0,
        count: count, bitCount: bitCount, into: &target, at: row &* width)
    }
  }

  func unpackScales(rows: Range<Int>, from reader: any StoredTensorReader, into groups: inout GroupedIntegers) throws {
    try requireStatedShape(from: reader)
    groups.prepare(
      rowCount: rows.count, columnCount: shape.rowElementCount, groupElementCount: groupElementCount, zero: zero)
    guard !rows.isEmpty else { return }
    let gridRows = grid.row(of: rows.lowerBound)..<grid.row(of: rows.upperBound - 1) + 1
    let columnCount = grid.columnCount
    var stored = [Float](repeating: 0, count: gridRows.count * columnCount)
    var destination = stored.mutableSpan
    let elements = gridRows.lowerBound * columnCount..<gridRows.upperBound * columnCount
    try reader.decode(elements, of: scales, into: &destination)
    if gridRows.count == rows.count, grid.block?.rowCount == 1 {
      groups.scales = stored
    } else {
      for row in rows {
        let source = (grid.row(of: row) - gridRows.lowerBound) * columnCount
        let target = (row - rows.lowerBound) * columnCount
        for column in 0..<columnCount { groups.scales[target + column] = stored[source + column] }
      }
    }
    try zeroPoints?.read(
      rows: rows, grid: grid, bitCount: bitCount, offset: codeOffset, from: reader, into: &groups.zeroPoints)
  }

  /// - Throws: if the shape that is stored beside the codes is another than theirs.
  private func requireStatedShape(from reader: any StoredTensorReader) throws {
    guard let statedShape else { return }
    let bytes = try reader.bytes(of: statedShape, from: 0, count: statedShape.byteCount)
    let stated = statedShape.integers(bytes)
    guard stated == shape.dimensions else {
      throw EncodingError.statedShape(statedShape, stated: stated, of: codes, shape: shape)
    }
  }

  /// The group of each column; nil if they are in order, as `-1` says too.
  private func groupOfColumn(
    _ tensor: TensorDescriptor, from reader: any StoredTensorReader
  ) throws -> [Int32]? {
    let groups = tensor.integers(try reader.bytes(of: tensor, from: 0, count: tensor.byteCount))
    guard !groups.contains(-1) else { return nil }
    var counts = [Int](repeating: 0, count: grid.columnCount)
    for (column, group) in groups.enumerated() {
      guard counts.indices.contains(group), counts[group] < groupElementCount else {
        throw EncodingError.columnGroups(
          tensor, column: column, group: group, expected: groupElementCount, groupCount: counts.count)
      }
      counts[group] += 1
    }
    return groups.map { Int32($0) }
  }
}

/// The zero points of a matrix.
struct CompressedZeroPoints: Hashable, Sendable {
  let tensor: TensorDescriptor
  /// Nil for a signed byte each, in the grid of the scales.
  let packing: CodePacking?
  /// The rows of one matrix, and of its words.
  let matrixRowCount: Int, wordRowCount: Int

  /// Reads the zero points of rows, as codes are counted.
  func read(
    rows: Range<Int>, grid: ScaleGrid, bitCount: Int, offset: Int, from reader: any StoredTensorReader,
    into points: inout [Int16]
  ) throws {
    let columnCount = grid.columnCount
    guard let packing else {
      let gridRows = grid.row(of: rows.lowerBound)..<grid.row(of: rows.upperBound - 1) + 1
      let bytes = try reader.bytes(
        of: tensor, from: gridRows.lowerBound * columnCount, count: gridRows.count * columnCount)
      for row in rows {
        let source = (grid.row(of: row) - gridRows.lowerBound) * columnCount
        let target = (row - rows.lowerBound) * columnCount
        for column in 0..<columnCount {
          points[target + column] = Int16(Int8(bitPattern: bytes[source + column])) + Int16(offset)
        }
      }
      return
    }
    // A slab may have rows of several matrices.
    for matrix in rows.lowerBound / matrixRowCount...(rows.upperBound - 1) / matrixRowCount {
      let start = matrix * matrixRowCount
      let inside = max(rows.lowerBound - start, 0)..<min(rows.upperBound - start, matrixRowCount)
      let firstWord = packing.position(of: inside.lowerBound, bitCount: bitCount).word
      let last = packing.position(of: inside.upperBound - 1, bitCount: bitCount)
      let endWord = last.word + (last.bit + bitCount > 32 ? 2 : 1)
      let words = try reader.bytes(
        of: tensor, from: (matrix * wordRowCount + firstWord) * columnCount * 4,
        count: (endWord - firstWord) * columnCount * 4)
      let span = words.span.bytes
      let mask = UInt64(1) << UInt64(bitCount) - 1
      for row in inside {
        let (word, bit) = packing.position(of: row, bitCount: bitCount)
        let target = (start + row - rows.lowerBound) * columnCount
        for column in 0..<columnCount {
          let place = ((word - firstWord) * columnCount + column) * 4
          var bits = UInt64(UInt32(littleEndian: span.unsafeLoadUnaligned(fromByteOffset: place, as: UInt32.self)))
          if bit + bitCount > 32 {
            let next = span.unsafeLoadUnaligned(fromByteOffset: place + columnCount * 4, as: UInt32.self)
            bits |= UInt64(UInt32(littleEndian: next)) << 32
          }
          points[target + column] = Int16(truncatingIfNeeded: (bits >> UInt64(bit)) & mask)
        }
      }
    }
  }
}
