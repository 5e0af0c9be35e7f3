import Tensors

/// Decodes and encodes values in every storage format that has an implementation.
///
/// All functions work on a range of whole blocks, usually one or more rows, and access nothing outside it, so different
/// threads can process different ranges. They use plain multiplication and addition in a fixed order: the same input
/// gives the same bits on every machine, with every instruction set. Bytes are little-endian, as in the files.
public enum Codec {
  /// Whether `decode` has an implementation for `format`.
  public static func canDecode(_ format: StorageFormat) -> Bool { decoder(of: format) != nil }

  /// Whether `encode` has an implementation for `format`.
  public static func canEncode(_ format: StorageFormat) -> Bool { codec(of: format) != nil }

  /// Decodes all of `bytes`, whole blocks of `format`, into the start of `values`.
  ///
  /// Formats of more than 24 bits of precision (F64 and the 32 and 64 bit integers) are rounded to the nearest float.
  /// NaN and infinity are decoded as NaN and infinity.
  ///
  /// - Complexity: O(elements).
  /// - Throws: if `format` cannot be decoded, `bytes` end inside a block or `values` is too short.
  public static func decode(
    _ format: StorageFormat, _ bytes: RawSpan, into values: inout MutableSpan<Float>
  ) throws(CodecError) {
    guard let decoder = decoder(of: format) else { throw .notDecodable(format) }
    let elementCount = try elementCount(format, bytes)
    guard elementCount <= values.count else {
      throw .shortDestination(format, neededCount: elementCount, unit: .element, givenCount: values.count)
    }
    var destination = values.mutableBytes
    decoder.decode(bytes, into: &destination)
  }

  /// Encodes all of `values` as whole blocks of `format` into the start of `bytes`.
  ///
  /// Narrow floats are rounded to nearest, ties to even; values beyond their range become infinite and NaN stays NaN.
  /// Block formats have the bytes of ggml's generic build and refuse NaN and infinity.
  ///
  /// - Complexity: O(elements).
  /// - Throws: if `format` cannot be encoded or requires importance, `values` end inside a block, `bytes` is too short,
  ///   or a block format cannot store a value: one that is not finite, or in IQ1, IQ2 and IQ3 one whose square
  ///   overflows. The contents of `bytes` are then unspecified.
  public static func encode(
    _ format: StorageFormat, _ values: Span<Float>, into bytes: inout MutableSpan<UInt8>
  ) throws(CodecError) {
    guard let codec = codec(of: format) else { throw .notEncodable(format) }
    guard !requiresImportance(format) else { throw .needsImportance(format) }
    try requireRoom(format, elementCount: values.count, in: bytes.count)
    var destination = bytes.mutableBytes
    if let index = codec.encode(values.bytes, into: &destination, at: 0) {
      throw .nonfinite(format, elementIndex: index, value: values[index])
    }
  }

  /// Whether `encode` with importance differs from `encode` without.
  public static func weighsImportance(_ format: StorageFormat) -> Bool {
    codec(of: format) is any WeightedRowEncoder.Type
  }

  /// Whether the format can only be encoded with importance: ggml does not define its bytes without.
  public static func requiresImportance(_ format: StorageFormat) -> Bool {
    format == .iq1_S || format == .iq2_XXS || format == .iq2_XS
  }

  /// Encodes rows of `values` as blocks of `format`, weighted by the importance of each column.
  ///
  /// `importance` has one value per element of a row, finite and not negative: the mean squared input activation of the
  /// column, as in importance matrices. `values` are any number of rows. Formats that do not weight elements
  /// (`weighsImportance`) give the same bytes as without; the bytes are those of ggml's generic build.
  ///
  /// - Complexity: O(elements).
  /// - Throws: as `encode` without importance, and if a row is not a whole number of blocks, `values` is not a whole
  ///   number of rows, or an importance is negative or not finite.
  public static func encode(
    _ format: StorageFormat, _ values: Span<Float>, importance: Span<Float>, into bytes: inout MutableSpan<UInt8>
  ) throws(CodecError) {
    guard let encoder = codec(of: format) as? any WeightedRowEncoder.Type else {
      return try encode(format, values, into: &bytes)
    }
    guard let rowByteCount = format.byteCount(elementCount: importance.count) else {
      throw .partialBlock(format, unit: .element, count: importance.count, perBlock: format.elementsPerBlock)
    }
    guard !importance.isEmpty, values.count.isMultiple(of: importance.count) else {
      throw .partialRow(elementCount: values.count, perRow: importance.count)
    }
    for index in importance.indices where !(importance[index] >= 0 && importance[index].isFinite) {
      throw .unusableImportance(columnIndex: index, value: importance[index])
    }
    try requireRoom(format, elementCount: values.count, in: bytes.count)
    var destination = bytes.mutableBytes
    let rowSize = importance.count * floatByteCount
    for row in 0..<values.count / importance.count {
      let rowBytes = values.bytes.extracting(row * rowSize..<(row + 1) * rowSize)
      if let index = encoder.encode(rowBytes, weightedBy: importance.bytes, into: &destination, at: row * rowByteCount)
      {
        let index = row * importance.count + index
        throw .nonfinite(format, elementIndex: index, value: values[index])
      }
    }
  }

  /// The number of elements in `bytes`.
  static func elementCount(_ format: StorageFormat, _ bytes: RawSpan) throws(CodecError) -> Int {
    let (blockCount, rest) = bytes.byteCount.quotientAndRemainder(dividingBy: format.bytesPerBlock)
    let (count, overflow) = blockCount.multipliedReportingOverflow(by: format.elementsPerBlock)
    guard rest == 0, !overflow else {
      throw .partialBlock(format, unit: .byte, count: bytes.byteCount, perBlock: format.bytesPerBlock)
    }
    return count
  }

  /// Throws unless `elementCount` elements are whole blocks and fit in `byteCount` bytes.
  static func requireRoom(_ format: StorageFormat, elementCount: Int, in byteCount: Int) throws(CodecError) {
    guard let neededCount = format.byteCount(elementCount: elementCount) else {
      throw .partialBlock(format, unit: .element, count: elementCount, perBlock: format.elementsPerBlock)
    }
    guard neededCount <= byteCount else {
      throw .shortDestination(format, neededCount: neededCount, unit: .byte, givenCount: byteCount)
    }
  }
}
