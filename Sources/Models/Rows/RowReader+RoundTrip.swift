import Bytes
import Quantization
import Tensors

/// The loss of changing float32 values (adding a constant, taking an exponential) and changing them back.
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

  /// What changes of values on the way lose, found by changing every value and changing it back; nil if none changes.
  ///
  /// What comes back is rounded to the storage format of the source, in which it would be stored.
  public func sumRounding() throws -> RoundTripError? {
    var changes: [Int: ValueChange] = [:]
    for (index, origin) in map.origins.enumerated() where !map.change(index).isNothing {
      changes[origin.source] = map.change(index)
    }
    guard !changes.isEmpty else { return nil }
    var error = RoundTripError()
    var bytes: [UInt8] = []
    var values = DecodedValues()
    for (source, change) in changes.sorted(by: { $0.key < $1.key }) {
      let tensor = sources[source].descriptor
      guard let format = tensor.format, Codec.canDecode(format) else { continue }
      for start in stride(from: 0, to: tensor.shape.elementCount, by: Self.roundedElementCount) {
        let count = min(Self.roundedElementCount, tensor.shape.elementCount - start)
        try checkpoint.readValues(start..<start + count, of: tensor, into: &values, scratch: &bytes)
        var returned = values
        try change.apply(to: &returned, first: count, roundingAs: format)
        try change.inverse.apply(to: &returned, first: count, roundingAs: .f32)
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
