import Bytes
import Tensors

extension [any ByteSource] {
  /// Whether two tensors, whose files count through these sources, have the same bytes; a megabyte is read at a time.
  func haveEqualBytes(_ one: TensorDescriptor, _ other: TensorDescriptor) throws(FileError) -> Bool {
    guard let first = one.byteRange, let second = other.byteRange, first.byteCount == second.byteCount else {
      return false
    }
    let comparedByteCount = 1 << 20
    for start in stride(from: 0, to: first.byteCount, by: comparedByteCount) {
      let count = Swift.min(comparedByteCount, first.byteCount - start)
      let bytes = try self[first.fileIndex].bytes(at: first.offset + start, count: count)
      guard try self[second.fileIndex].bytes(at: second.offset + start, count: count) == bytes else { return false }
    }
    return true
  }
}
