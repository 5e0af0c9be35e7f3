import Bytes
import Quantization
import Tensors

/// The loss of adding a constant to float32 values and subtracting it again.
public struct RoundTripError: Hashable, Sendable {
  /// The number of values, and of those that change.
  public private(set) var valueCount = 0, changedCount = 0
  /// The greatest difference of a value that does not.
  public private(set) var maximumAbsoluteError: Float = 0

  fileprivate mutating func add(_ values: ArraySlice<Float>, comeBackAs returned: [Float]) {
    valueCount += values.count
    for (value, other) in zip(values, returned) where value.bitPattern != other.bitPattern && value != other {
      changedCount += 1
      maximumAbsoluteError = max(maximumAbsoluteError, abs(value - other))
    }
  }
}

extension RowReader {
  /// Values that are read at a time; a multiple of every block.
  private static let roundedElementCount = 1 << 18

  /// What adding constants on the way loses, found by adding them to every value and taking them away again; nil if
  /// nothing is added.
  ///
  /// What comes back is rounded to the storage format of the source, in which it would be stored.
  public func sumRounding() throws -> RoundTripError? {
    var addends: [Int: Float] = [:]
    for (index, origin) in map.origins.enumerated() where map.addend(index) != 0 {
      addends[origin.source] = map.addend(index)
    }
    guard !addends.isEmpty else { return nil }
    var error = RoundTripError()
    var bytes: [UInt8] = []
    var values = DecodedValues()
    for (source, addend) in addends.sorted(by: { $0.key < $1.key }) {
      let tensor = sources[source].descriptor
      guard let format = tensor.format, Codec.canDecode(format) else { continue }
      for start in stride(from: 0, to: tensor.shape.elementCount, by: Self.roundedElementCount) {
        let count = min(Self.roundedElementCount, tensor.shape.elementCount - start)
        try checkpoint.readValues(start..<start + count, of: tensor, into: &values, scratch: &bytes)
        var returned = values
        try returned.add(addend, first: count, roundingAs: format)
        try returned.add(-addend, first: count, roundingAs: .f32)
        var floats = Array(returned.floats.prefix(count))
        if !format.isQuantized, Codec.canEncode(format), floats.allSatisfy(\.isFinite) {
          floats = try Codec.decode(format, Codec.encode(format, floats), elementCount: count)
        }
        error.add(values.floats.prefix(count), comeBackAs: floats)
      }
    }
    return error
  }
}
