import Bytes
import Tensors

/// A matrix, or a stack of them, that MLC quantized in groups: `value = (code − 7) · scale`, in float32.
///
///     X.q_weight   words of 8 codes of 4 bits, or of 10 codes of 3 bits and 2 bits that are not used; lowest bits first
///     X.q_scale    F16, BF16 or F32: one for each group of 32 elements of a row, or of 40
///
///     layout NK (q4f16_1)   q_weight [out, words]   q_scale [out, groups]     words = 4 · groups, groups = ⌈in / g⌉
///     layout KN (q4f16_0)   q_weight [words, out]   q_scale [groups, out]     the same, transposed
///
/// The point that codes are counted from is 7, or 3 for 3 bits. A last group may reach beyond the row.
struct MLCComposition: GroupedIntegerComposition {
  /// Groups have four words for either width.
  static let wordsPerGroup = 4

  let codes: TensorDescriptor
  let scales: TensorDescriptor
  let shape: Shape
  let scheme: MLCScheme
  /// Whether words and scales are stored with rows as columns.
  let isTransposed: Bool

  var bitCount: Int { scheme.bitCount }
  var groupElementCount: Int { scheme.groupElementCount }
  var zero: GroupedIntegers.Zero { .constant(scheme.zeroPoint) }
  var sources: [TensorDescriptor] { [codes, scales] }
  var description: String {
    "MLC, \(counted(bitCount, "bit")), groups of \(groupElementCount)\(isTransposed ? ", transposed" : "")"
  }

  /// - Parameter columnCounts: the rows' widths that the model has.
  /// - Throws: if the parts do not fit each other, or the width is not known.
  init(
    _ codes: TensorDescriptor, scales: TensorDescriptor, _ scheme: MLCScheme, columnCounts: Set<Int>
  ) throws(EncodingError) {
    (self.codes, self.scales, self.scheme) = (codes, scales, scheme)
    guard codes.format == .u32, codes.shape.rank >= 2 else {
      throw .partFormat(codes, of: nil, expected: "a matrix of U32")
    }
    guard scales.format == .f16 || scales.format == .bf16 || scales.format == .f32 else {
      throw .partFormat(scales, of: codes, expected: "F16, BF16 or F32")
    }
    let words = codes.shape.dimensions, groups = scales.shape.dimensions, last = words.count - 1
    func fits(_ axis: Int) -> Bool {
      words.count == groups.count && words[axis] % Self.wordsPerGroup == 0
        && words.indices.allSatisfy {
          $0 == axis ? words[$0] / Self.wordsPerGroup == groups[$0] : words[$0] == groups[$0]
        }
    }
    let axis: Int
    switch (fits(last), words.count == 2 && fits(0)) {
    case (true, _): (axis, isTransposed) = (last, false)
    case (_, true): (axis, isTransposed) = (0, true)
    default:
      let expected = words.dropLast() + [words[last] / Self.wordsPerGroup]
      throw .partShape(scales, of: codes, expected: (Shape(Array(expected)) ?? []).description)
    }
    let (full, overflow) = groups[axis].multipliedReportingOverflow(by: scheme.groupElementCount)
    let width = try Self.width(full, overflow, scheme, columnCounts, codes)
    guard let shape = Shape(isTransposed ? [words[1], width] : words.dropLast() + [width]) else {
      throw .partShape(codes, of: nil, expected: "a matrix whose elements 63 bits can count")
    }
    self.shape = shape
  }

  /// The elements of a row in as many whole groups as make `full` elements: all of them, unless the model has only rows of
  /// another width that fill the last group in part.
  private static func width(
    _ full: Int, _ overflow: Bool, _ scheme: MLCScheme, _ columnCounts: Set<Int>, _ codes: TensorDescriptor
  ) throws(EncodingError) -> Int {
    guard !overflow else { throw .partShape(codes, of: nil, expected: "a matrix whose elements 63 bits can count") }
    guard !columnCounts.contains(full) else { return full }
    let possible = columnCounts.filter { $0 < full && $0 > full - scheme.groupElementCount }
    guard possible.count > 1 else { return possible.first ?? full }
    throw .partShape(
      codes, of: nil,
      expected:
        "rows of one width that mlc-chat-config.json states, not \(possible.sorted().map(\.grouped).joined(separator: " or "))"
    )
  }

  func unpack(rows: Range<Int>, from reader: any StoredTensorReader, into groups: inout GroupedIntegers) throws {
    try unpackScales(rows: rows, from: reader, into: &groups)
    let words = try words(rows, from: reader), wordCount = groups.groupCount * Self.wordsPerGroup
    var span = groups.codes.mutableSpan
    var codes = span.mutableBytes
    scheme.unpack(
      words.span.bytes, rowCount: rows.count, wordCount: wordCount,
      isTransposed: isTransposed, columnCount: shape.rowElementCount, into: &codes)
  }

  func unpackScales(rows: Range<Int>, from reader: any StoredTensorReader, into groups: inout GroupedIntegers) throws {
    groups.prepare(
      rowCount: rows.count, columnCount: shape.rowElementCount, groupElementCount: groupElementCount, zero: zero)
    let groupCount = groups.groupCount
    guard isTransposed else {
      var span = groups.scales.mutableSpan
      return try reader.decode(rows.lowerBound * groupCount..<rows.upperBound * groupCount, of: scales, into: &span)
    }
    var column = [Float](repeating: 0, count: rows.count)
    for group in 0..<groupCount {
      let first = group * shape.rowCount + rows.lowerBound
      var span = column.mutableSpan
      try reader.decode(first..<first + rows.count, of: scales, into: &span)
      for row in 0..<rows.count { groups.scales[row * groupCount + group] = column[row] }
    }
  }

  /// The words of rows: row after row, or if they are transposed one word of each row after the other.
  private func words(_ rows: Range<Int>, from reader: any StoredTensorReader) throws -> [UInt8] {
    guard isTransposed else {
      let rowByteCount = codes.shape.rowElementCount * 4
      return try reader.bytes(of: codes, from: rows.lowerBound * rowByteCount, count: rows.count * rowByteCount)
    }
    var bytes: [UInt8] = []
    try reader.read(
      StridedRanges(
        count: codes.shape.dimensions[0], byteCount: rows.count * 4, offset: rows.lowerBound * 4,
        stride: shape.rowCount * 4),
      of: codes, into: &bytes)
    return bytes
  }
}
