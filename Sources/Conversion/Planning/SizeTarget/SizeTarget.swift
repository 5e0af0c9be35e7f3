import Bytes

/// The maximum size of a quantized model.
public enum SizeTarget: Sendable, Hashable, CustomStringConvertible {
  /// Bytes of all files with tensors, headers and padding included.
  case fileBytes(Int)
  /// Bits of tensor data to a parameter, as `inspect` counts them: without headers and padding.
  case bitsPerWeight(Double)

  public var description: String {
    switch self {
    case .fileBytes(let count): "\(count.grouped) bytes"
    case .bitsPerWeight(let bits): "\(bits.fixed(3)) bits per weight"
    }
  }

  var json: JSON {
    switch self {
    case .fileBytes(let count): .members(["bytes": .integer(count)])
    case .bitsPerWeight(let bits): .members(["bits_per_weight": .real(bits)])
    }
  }
}
