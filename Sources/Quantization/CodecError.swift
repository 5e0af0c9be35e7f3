import Bytes
import Tensors

/// An error of decoding or encoding values.
public enum CodecError: IngotError, Equatable {
  /// The unit of a count.
  public enum Unit: String, Sendable {
    case element, byte
  }

  /// The format has no decoder.
  case notDecodable(StorageFormat)
  /// The format has no encoder.
  case notEncodable(StorageFormat)
  /// The format is only encoded with an importance matrix.
  case needsImportance(StorageFormat)
  /// The range ends inside a block.
  case partialBlock(StorageFormat, unit: Unit, count: Int, perBlock: Int)
  /// The destination is too short for the result.
  case shortDestination(StorageFormat, neededCount: Int, unit: Unit, givenCount: Int)
  /// The block format cannot store this value: NaN, infinity, or for IQ1, IQ2 and IQ3 a value whose square overflows.
  /// The index counts from the start of the encoded range.
  case nonfinite(StorageFormat, elementIndex: Int, value: Float)

  /// The element count is not a multiple of the row length.
  case partialRow(elementCount: Int, perRow: Int)
  /// The importance of a column is negative or not finite.
  case unusableImportance(columnIndex: Int, value: Float)

  public var category: ErrorCategory { .input }
}

extension CodecError {
  public var description: String {
    switch self {
    case .notDecodable(let format):
      "decoding \(format.name) is not supported"
    case .notEncodable(let format):
      "encoding as \(format.name) is not supported"
    case .needsImportance(let format):
      "encoding as \(format.name) needs an importance matrix"
    case .partialBlock(let format, let unit, let count, let perBlock):
      "\(counted(count, unit.rawValue)) are not whole \(format.name) blocks of \(counted(perBlock, unit.rawValue))"
    case .shortDestination(let format, let neededCount, let unit, let givenCount):
      "\(format.name) needs room for \(counted(neededCount, unit.rawValue)), found \(givenCount.grouped)"
    case .nonfinite(let format, let elementIndex, let value):
      "element \(elementIndex.grouped) is \(value), which \(format.name) cannot store"
    case .partialRow(let elementCount, let perRow):
      "\(counted(elementCount, "element")) are not whole rows of \(counted(perRow, "element"))"
    case .unusableImportance(let columnIndex, let value):
      "the importance of column \(columnIndex.grouped) is \(value), expected a finite number of at least 0"
    }
  }
}
