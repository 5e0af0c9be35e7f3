import Bytes
import Tensors

/// An error of reading or writing a safetensors file.
public enum SafeTensorsError: ReadingError {
  case unreadable(FileError)
  case tooShort(byteCount: Int)
  case emptyHeader
  case byteSwappedLength
  case headerTooLarge(byteCount: UInt64, limit: Int)
  case headerTruncated(byteCount: Int, available: Int)
  case notAnObject(firstByte: UInt8)
  case header(JSONError)
  case duplicateKey(String)
  case metadataNotAnObject(found: String)
  case metadataNotText(key: String, found: String)
  case entryNotAnObject(tensor: TensorName, found: String)
  case unknownField(tensor: TensorName, field: String)
  case missingField(tensor: TensorName, field: String)
  case wrongField(tensor: TensorName, field: String, found: String, expected: String)
  case wrongElement(tensor: TensorName, field: String, found: String)
  case unknownType(tensor: TensorName, type: String)
  case shapeOverflows(tensor: TensorName, dimensions: [Int])
  case wrongOffsetCount(tensor: TensorName, count: Int)
  case reversedOffsets(tensor: TensorName, begin: Int, end: Int)
  case partialByte(tensor: TensorName, format: StorageFormat, elementCount: Int)
  case wrongByteCount(tensor: TensorName, shape: Shape, format: StorageFormat, expected: Int, declared: Int)
  case hole(tensor: TensorName, begin: Int, previousEnd: Int)
  case overlap(tensor: TensorName, begin: Int, previous: TensorName, previousEnd: Int)
  case dataTruncated(expected: Int, available: Int)
  case trailingBytes(count: Int)
  case unwritableFormat(tensor: TensorName, format: StorageFormat)
  case reservedName
  case fileTooLarge

  public var category: ErrorCategory {
    switch self {
    case .unwritableFormat, .reservedName, .fileTooLarge: .output
    default: .input
    }
  }

  var fileError: FileError? { if case .unreadable(let error) = self { error } else { nil } }
}

extension SafeTensorsError {
  public var description: String {
    switch self {
    case .unreadable(let error): error.description
    case .tooShort(let byteCount):
      "has only \(counted(byteCount, "byte")), a safetensors file begins with the 8 bytes of its header's length"
    case .emptyHeader: "header length is 0, expected a JSON object"
    case .byteSwappedLength: "header length is stored big-endian, expected little-endian"
    case .headerTooLarge(let byteCount, let limit):
      "header length is \(byteCount.grouped) bytes, at most \(limit.grouped) are allowed"
    case .headerTruncated(let byteCount, let available):
      "header takes \(counted(byteCount, "byte")) but only \(available.grouped) follow its length"
        + " (\(missing(byteCount - available, "at least ")))"
    case .notAnObject(let byte): "header begins with byte 0x\(byte.hexadecimal), expected \"{\""
    case .header(let error): "header: \(error)"
    case .duplicateKey(let key): "header: key \(key.quoted) occurs twice"
    case .metadataNotAnObject(let found): "header: __metadata__ is \(found), expected an object"
    case .metadataNotText(let key, let found): "header: __metadata__ key \(key.quoted) is \(found), expected a string"
    case .unwritableFormat(_, let format): place + "safetensors cannot store \(format.name)"
    case .reservedName: "a tensor cannot be named \"__metadata__\" in safetensors"
    case .fileTooLarge: "the file's size does not fit 63 bits"
    default: place + entryFact
    }
  }

  /// The message of an error in one tensor.
  private var entryFact: String {
    switch self {
    case .entryNotAnObject(_, let found): "header entry is \(found), expected an object"
    case .unknownField(_, let field):
      "unknown field \(field.quoted), expected \"dtype\", \"shape\" and \"data_offsets\""
    case .missingField(_, let field): "has no \"\(field)\""
    case .wrongField(_, let field, let found, let expected): "\(field) is \(found), expected \(expected)"
    case .wrongElement(_, let field, let found):
      "\(field) has \(found.escapedForDisplay), expected integers from 0 to 2^63 - 1"
    case .unknownType(_, let type): "dtype \(type.quoted) is unknown"
    case .shapeOverflows(_, let dimensions):
      "shape [\(dimensions.map(String.init).joined(separator: ", "))] has more bytes than 63 bits can count"
    case .wrongOffsetCount(_, let count): "data_offsets has \(counted(count, "element")), expected 2"
    case .reversedOffsets(_, let begin, let end):
      "data begins at byte \(begin.grouped) of the data section but ends at \(end.grouped)"
    case .partialByte(_, let format, let count):
      "\(counted(count, "element")) of \(format.name) do not fill whole bytes"
    case .wrongByteCount(_, let shape, let format, let expected, let declared):
      "\(shape) of \(format.name) takes \(counted(expected, "byte")) but data_offsets span \(declared.grouped)"
    case .hole(_, let begin, let end):
      "data begins at byte \(begin.grouped) of the data section, expected \(end.grouped)"
        + " (a hole of \(counted(begin - end, "byte")))"
    case .overlap(_, let begin, let previous, let end):
      "data begins at byte \(begin.grouped) of the data section but \(previous.text.quoted) ends at \(end.grouped)"
        + " (they overlap)"
    case .dataTruncated(let expected, let available):
      "tensor data takes \(counted(expected, "byte")) but only \(available.grouped) follow the header"
        + " (\(missing(expected - available)))"
    case .trailingBytes(let count): "\(counted(count, "byte")) follow\(count == 1 ? "s" : "") the data, expected none"
    default: ""
    }
  }

  private var place: String {
    switch self {
    case .entryNotAnObject(let tensor, _), .unknownField(let tensor, _), .missingField(let tensor, _),
      .wrongField(let tensor, _, _, _), .wrongElement(let tensor, _, _), .unknownType(let tensor, _),
      .shapeOverflows(let tensor, _), .wrongOffsetCount(let tensor, _), .reversedOffsets(let tensor, _, _),
      .partialByte(let tensor, _, _), .wrongByteCount(let tensor, _, _, _, _), .hole(let tensor, _, _),
      .overlap(let tensor, _, _, _), .unwritableFormat(let tensor, _):
      "tensor \(tensor.text.quoted): "
    default: ""
    }
  }
}
