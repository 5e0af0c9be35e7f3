import Tensors

// The same functions on arrays, for small data such as tests and single tensors.

extension Codec {
  /// Decodes the first `elementCount` elements of `bytes`, which must be whole blocks of `format`.
  public static func decode(
    _ format: StorageFormat, _ bytes: [UInt8], elementCount: Int
  ) throws(CodecError) -> [Float] {
    guard let byteCount = format.byteCount(elementCount: elementCount) else {
      throw .partialBlock(format, unit: .element, count: elementCount, perBlock: format.elementsPerBlock)
    }
    guard byteCount <= bytes.count else {
      throw .partialBlock(format, unit: .byte, count: bytes.count, perBlock: format.bytesPerBlock)
    }
    var values = [Float](repeating: 0, count: elementCount)
    var destination = values.mutableSpan
    try decode(format, bytes.span.bytes.extracting(0..<byteCount), into: &destination)
    return values
  }

  /// Encodes `values`, which must fill whole blocks of `format`.
  public static func encode(_ format: StorageFormat, _ values: [Float]) throws(CodecError) -> [UInt8] {
    let byteCount = format.byteCount(elementCount: values.count) ?? 0
    var bytes = [UInt8](repeating: 0, count: byteCount)
    var destination = bytes.mutableSpan
    try encode(format, values.span, into: &destination)
    return bytes
  }

  /// Encodes `values`, rows of as many elements as `importance` has, which must be whole blocks.
  public static func encode(
    _ format: StorageFormat, _ values: [Float], importance: [Float]
  ) throws(CodecError) -> [UInt8] {
    let byteCount = format.byteCount(elementCount: values.count) ?? 0
    var bytes = [UInt8](repeating: 0, count: byteCount)
    var destination = bytes.mutableSpan
    try encode(format, values.span, importance: importance.span, into: &destination)
    return bytes
  }
}
