import Bytes
import Quantization
import Tensors

/// Two stored tensors that should have the same values, because the model ties one to the other.
public struct TiedTensorPair: Sendable {
  /// The one that could be left out.
  public let tensor: TensorDescriptor
  /// The one that it is tied to.
  public let original: TensorDescriptor
  /// Whether it is left out.
  public let isDropped: Bool
}

extension Checkpoint {
  /// Values that are compared at a time; a multiple of every block.
  private static let comparedElementCount = 1 << 20

  /// Whether two tensors have the same values, compared by slabs: bytes of one format, decoded values of two.
  ///
  /// - Throws: errors of reading, and of decoding where formats differ.
  public func haveEqualValues(_ first: TensorDescriptor, _ second: TensorDescriptor) throws -> Bool {
    guard first.shape == second.shape else { return false }
    guard let format = first.format, let other = second.format else {
      return first.declaredFormat == second.declaredFormat && first.byteCount == second.byteCount
    }
    guard let range = first.byteRange, let otherRange = second.byteRange else {
      return try haveEqualDecodedValues(first, second)
    }
    var slabs: (first: [UInt8], second: [UInt8]) = ([], [])
    let elementCount = first.shape.elementCount
    for start in stride(from: 0, to: elementCount, by: Self.comparedElementCount) {
      let count = min(Self.comparedElementCount, elementCount - start)
      let size = try read(range, format, start, count, into: &slabs.first)
      let otherSize = try read(otherRange, other, start, count, into: &slabs.second)
      if format == other {
        guard slabs.first.prefix(size) == slabs.second.prefix(otherSize) else { return false }
      } else {
        let values = try Codec.decode(format, slabs.first, elementCount: count)
        guard try values == Codec.decode(other, slabs.second, elementCount: count) else { return false }
      }
    }
    return true
  }

  /// The same where one is a composition, which is decoded by rows.
  private func haveEqualDecodedValues(_ first: TensorDescriptor, _ second: TensorDescriptor) throws -> Bool {
    var scratch: [UInt8] = []
    var values = (first: DecodedValues(), second: DecodedValues())
    let width = max(1, first.shape.rowElementCount)
    let step = max(1, Self.comparedElementCount / width) * width
    for start in stride(from: 0, to: first.shape.elementCount, by: step) {
      let elements = start..<min(first.shape.elementCount, start + step)
      try readValues(elements, of: first, into: &values.first, scratch: &scratch)
      try readValues(elements, of: second, into: &values.second, scratch: &scratch)
      guard values.first.floats.prefix(elements.count) == values.second.floats.prefix(elements.count) else {
        return false
      }
    }
    return true
  }

  /// Reads `count` elements from `start` on and returns how many bytes they are.
  private func read(
    _ range: ByteRange, _ format: StorageFormat, _ start: Int, _ count: Int, into slab: inout [UInt8]
  ) throws -> Int {
    let offset = format.byteCount(elementCount: start) ?? 0
    let size = min(range.byteCount - offset, format.byteCount(elementCount: count) ?? range.byteCount - offset)
    try read(range, from: offset, count: size, into: &slab)
    return size
  }
}
