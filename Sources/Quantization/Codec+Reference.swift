import Tensors

// Rows by the scalar implementations, which define what the fast kernels give, bit for bit.

extension Codec {
  /// The values of whole blocks; nil for a format that has no block implementation.
  package static func referenceValues(_ format: StorageFormat, _ bytes: [UInt8]) -> [Float]? {
    (decoder(of: format) as? any BlockDecoder.Type)?.referenceRow(bytes)
  }

  /// The blocks of finite values, which are one row with `importance`.
  ///
  /// - Returns: nil for a format that has no block implementation, and for values that it cannot store.
  package static func referenceBytes(
    _ format: StorageFormat, _ values: [Float], importance: [Float]? = nil
  ) -> [UInt8]? {
    let codec = codec(of: format)
    if let grid = codec as? any GridEncoder.Type { return grid.referenceRow(values, importance) }
    if let split = codec as? any SplitEncoder.Type { return split.referenceRow(values, importance) }
    guard let encoder = codec as? any BlockEncoder.Type else { return nil }
    return importance.map { encoder.weightedReferenceRow(values, $0) } ?? encoder.referenceRow(values)
  }
}

extension BlockDecoder {
  static func referenceRow(_ bytes: [UInt8]) -> [Float] {
    stride(from: 0, to: bytes.count, by: Reference.bytesPerBlock).flatMap {
      Reference.decode(Array(bytes[$0..<$0 + Reference.bytesPerBlock]))
    }
  }
}

extension BlockEncoder {
  static func referenceRow(_ values: [Float]) -> [UInt8] {
    stride(from: 0, to: values.count, by: Reference.elementsPerBlock).flatMap {
      Reference.encode(Array(values[$0..<$0 + Reference.elementsPerBlock]))
    }
  }

  /// Rows as long as `importance`.
  static func weightedReferenceRow(_ values: [Float], _ importance: [Float]) -> [UInt8] {
    if let small = Self.self as? any WeightedSmallBlockEncoder.Type {
      return stride(from: 0, to: values.count, by: importance.count).flatMap { start in
        small.weightedReferenceRow(Array(values[start..<start + importance.count]), importance: importance)
      }
    }
    guard let reference = Reference.self as? any WeightedReferenceEncoder.Type else { return [] }
    return stride(from: 0, to: values.count, by: Reference.elementsPerBlock).flatMap { start in
      let column = start % importance.count
      return reference.encode(
        Array(values[start..<start + Reference.elementsPerBlock]),
        importance: Array(importance[column..<column + Reference.elementsPerBlock]))
    }
  }
}

extension GridEncoder {
  static func referenceRow(_ values: [Float], _ importance: [Float]?) -> [UInt8]? {
    superBlocks(values, importance) { Reference.encode($0, importance: $1) }
  }
}

extension SplitEncoder {
  static func referenceRow(_ values: [Float], _ importance: [Float]?) -> [UInt8]? {
    superBlocks(values, importance) { Reference.encode($0, importance: $1) }
  }
}

/// The bytes of blocks of 256 elements; nil if one of them cannot be stored.
private func superBlocks(
  _ values: [Float], _ importance: [Float]?, _ encode: ([Float], [Float]?) -> [UInt8]?
) -> [UInt8]? {
  var bytes: [UInt8] = []
  for start in stride(from: 0, to: values.count, by: 256) {
    let block = start..<start + 256
    guard let encoded = encode(Array(values[block]), importance.map { Array($0[block]) }) else { return nil }
    bytes += encoded
  }
  return bytes
}
