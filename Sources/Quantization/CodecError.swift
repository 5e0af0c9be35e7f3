import Bytes
import Tensors

/// Why numbers could not be decoded or encoded.
public enum CodecError: IngotError, Equatable {
  /// What a count counts.
  public enum Unit: String, Sendable {
    case element, byte
  }

  /// No decoder is implemented.
  case notDecodable(StorageFormat)
  /// No encoder is implemented.
  case notEncodable(StorageFormat)
  /// The format is only encoded with an importance matrix.
  case needsImportance(StorageFormat)
  /// The range does not end with a block.
  case partialBlock(StorageFormat, unit: Unit, count: Int, perBlock: Int)
  /// The result does not fit where it should go.
  case shortDestination(StorageFormat, neededCount: Int, unit: Unit, givenCount: Int)
  /// A block format cannot hold NaN or infinity, and some no numbers whose squares overflow; the index counts from the start of the encoded range.
  case nonfinite(StorageFormat, elementIndex: Int, value: Float)

  /// The elements are not whole rows.
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
      "\(format.name) needs room for \(counted(neededCount, unit.rawValue)) but has \(givenCount.grouped)"
    case .nonfinite(let format, let elementIndex, let value):
      "element \(elementIndex.grouped) is \(value), which \(format.name) cannot hold"
    case .partialRow(let elementCount, let perRow):
      "\(counted(elementCount, "element")) are not whole rows of \(counted(perRow, "element"))"
    case .unusableImportance(let columnIndex, let value):
      "the importance of column \(columnIndex.grouped) is \(value) (expected a finite number from 0 up)"
    }
  }
}
