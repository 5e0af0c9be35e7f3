import Bytes
import Tensors

/// An error of reading or writing a GGUF.
public enum GGUFError: ReadingError {
  /// The location in the file that was being read.
  public enum Location: Sendable {
    case header
    /// A key-value pair before its key was read.
    case pair(index: Int)
    case value(key: String)
    /// A tensor's record before its name was read.
    case record(index: Int)
    case tensor(TensorName)
  }

  /// The items that a count in the header counts.
  public enum Counted: String, Sendable {
    case tensors
    case pairs = "key-value pairs"
  }

  case unreadable(FileError)
  case endsEarly(Location, offset: Int, needed: Int, remaining: Int)
  case magic([UInt8])
  case version(UInt32)
  case countTooLarge(Counted, count: UInt64, remaining: Int)
  case emptyKey(index: Int)
  case duplicateKey(String)
  case invalidUTF8(Location)
  case stringTooLong(Location, byteCount: UInt64, limit: Int)
  case unknownValueType(Location, id: UInt32)
  case invalidBool(Location, byte: UInt8)
  case arrayTooLong(Location, count: UInt64, limit: Int)
  case arrayTooDeep(Location, limit: Int)
  case metadataTooLarge(limit: Int)
  case alignmentType(found: String)
  case alignment(UInt32, limit: Int)
  case duplicateTensor(TensorName)
  case rank(tensor: TensorName, rank: UInt32, limit: Int)
  case extent(tensor: TensorName, extent: UInt64)
  case shapeOverflows(tensor: TensorName, dimensions: [Int])
  case partialBlock(tensor: TensorName, format: StorageFormat, rowElementCount: Int)
  case offset(tensor: TensorName, offset: UInt64)
  case unaligned(tensor: TensorName, offset: Int, alignment: Int)
  case overlap(tensor: TensorName, begin: Int, previous: TensorName, previousEnd: Int)
  case dataTruncated(tensor: TensorName, end: Int, fileByteCount: Int)
  case unwritableFormat(tensor: TensorName, format: StorageFormat)
  case unwritableName(tensor: TensorName, byteCount: Int, limit: Int)
  case nameWithNUL(tensor: TensorName)
  case unwritableRank(tensor: TensorName, rank: Int, limit: Int)
  case keyTooLong(String, byteCount: Int, limit: Int)
  case fileTooLarge
  /// A file whose metadata cannot be edited.
  case uneditable(String)

  init(_ failure: ByteCursor.Failure, at location: Location) {
    switch failure {
    case .file(let error): self = .unreadable(error)
    case .endOfData(let offset, let needed, let remaining):
      self = .endsEarly(location, offset: offset, needed: needed, remaining: remaining)
    }
  }

  public var category: ErrorCategory {
    switch self {
    case .unwritableFormat, .unwritableName, .nameWithNUL, .unwritableRank, .keyTooLong, .fileTooLarge: .output
    default: .input
    }
  }

  var fileError: FileError? { if case .unreadable(let error) = self { error } else { nil } }
}

extension GGUFError {
  public var description: String {
    switch self {
    case .unreadable(let error): error.description
    case .endsEarly(let location, let offset, let needed, let remaining):
      "\(location)needs \(counted(needed, "byte")) at byte \(offset.grouped) but only \(remaining.grouped)"
        + " follow\(remaining == 1 ? "s" : "") (is the download complete?)"
    case .magic(let bytes):
      "begins with \(bytes.map(\.hexadecimal).joined(separator: " ")), expected \"GGUF\""
    case .version(let version): versionFact(version)
    case .countTooLarge(let what, let count, let remaining):
      "states \(count.grouped) \(what.rawValue), more than the \(counted(remaining, "byte")) that follow can hold"
    case .emptyKey(let index): "\(Location.pair(index: index))key is empty"
    case .duplicateKey(let key): "key \(key.quoted) occurs twice"
    case .invalidUTF8(let location): "\(location)name is not valid UTF-8"
    case .stringTooLong(let location, let byteCount, let limit):
      "\(location)string of \(byteCount.grouped) bytes, at most \(limit.grouped) are allowed"
    case .unknownValueType(let location, let id): "\(location)value type \(id) is unknown, expected 0 to 12"
    case .invalidBool(let location, let byte): "\(location)boolean is \(byte), expected 0 or 1"
    case .arrayTooLong(let location, let count, let limit):
      "\(location)array of \(count.grouped) elements, at most \(limit.grouped) are allowed"
    case .arrayTooDeep(let location, let limit): "\(location)arrays are nested deeper than \(limit) levels"
    case .metadataTooLarge(let limit): "metadata takes more than the \(limit.grouped) bytes that are allowed"
    case .alignmentType(let found): "key \"general.alignment\" is \(found), expected u32"
    case .alignment(let declared, let limit):
      "key \"general.alignment\" is \(declared.grouped), expected a power of two up to \(limit.grouped)"
    case .keyTooLong(let key, let byteCount, let limit):
      "key \(key.quoted) has \(byteCount.grouped) bytes, at most \(limit.grouped) can be written"
    case .fileTooLarge: "the file's size does not fit 63 bits"
    case .uneditable(let reason): reason
    case .duplicateTensor(let tensor): "tensor \(tensor.text.quoted) occurs twice"
    default: tensorDescription
    }
  }

  private func versionFact(_ version: UInt32) -> String {
    version == 1
      ? "is GGUF version 1, which only files of August 2023 have, expected 2 or 3 (convert the model again)"
      : "GGUF version \(version) is unknown, expected 2 or 3"
  }

  /// The message of an error in one tensor.
  private var tensorDescription: String {
    switch self {
    case .rank(let tensor, let rank, let limit):
      "\(Location.tensor(tensor))has \(rank.grouped) dimensions, at most \(limit) are allowed"
    case .extent(let tensor, let extent):
      "\(Location.tensor(tensor))dimension \(extent.grouped) does not fit 63 bits"
    case .shapeOverflows(let tensor, let dimensions):
      "\(Location.tensor(tensor))shape [\(dimensions.map(String.init).joined(separator: ", "))]"
        + " has more bytes than 63 bits can count"
    case .partialBlock(let tensor, let format, let count):
      "\(Location.tensor(tensor))rows of \(counted(count, "element")) are not a whole number of blocks of"
        + " \(format.elementsPerBlock) (\(format.name))"
    case .offset(let tensor, let offset): "\(Location.tensor(tensor))offset \(offset.grouped) is outside any file"
    case .unaligned(let tensor, let offset, let alignment):
      "\(Location.tensor(tensor))offset \(offset.grouped) is not a multiple of the alignment \(alignment.grouped)"
    case .overlap(let tensor, let begin, let previous, let end):
      "\(Location.tensor(tensor))data begins at byte \(begin.grouped) but \(previous.text.quoted) ends at byte"
        + " \(end.grouped) (they overlap)"
    case .dataTruncated(let tensor, let end, let fileByteCount):
      "\(Location.tensor(tensor))data ends at byte \(end.grouped) but the file has \(counted(fileByteCount, "byte"))"
        + " (\(missing(end - fileByteCount)))"
    case .unwritableFormat(let tensor, let format): "\(Location.tensor(tensor))GGUF cannot store \(format.name)"
    case .unwritableName(let tensor, let byteCount, let limit):
      "\(Location.tensor(tensor))name has \(byteCount.grouped) bytes, at most \(limit) can be written to GGUF"
    case .nameWithNUL(let tensor): "\(Location.tensor(tensor))name contains a zero byte, which GGUF readers cut it at"
    case .unwritableRank(let tensor, let rank, let limit):
      "\(Location.tensor(tensor))has \(rank) dimensions, at most \(limit) can be written to GGUF"
    default: ""
    }
  }
}

extension GGUFError.Location: CustomStringConvertible {
  /// The location with a colon and a space after it; indices count from 1.
  public var description: String {
    switch self {
    case .header: "header: "
    case .pair(let index): "key-value pair \((index + 1).grouped): "
    case .value(let key): "key \(key.quoted): "
    case .record(let index): "tensor record \((index + 1).grouped): "
    case .tensor(let name): "tensor \(name.text.quoted): "
    }
  }
}
