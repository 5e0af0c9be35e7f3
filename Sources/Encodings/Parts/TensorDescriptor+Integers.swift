import Tensors

extension TensorDescriptor {
  /// The integers of 32 or 64 bits that `bytes` are.
  func integers(_ bytes: [UInt8]) -> [Int] {
    let width = format == .i64 ? 8 : 4
    let span = bytes.span.bytes
    return (0..<bytes.count / width).map { index in
      width == 8
        ? Int(Int64(littleEndian: span.unsafeLoadUnaligned(fromByteOffset: index * 8, as: Int64.self)))
        : Int(Int32(littleEndian: span.unsafeLoadUnaligned(fromByteOffset: index * 4, as: Int32.self)))
    }
  }
}
