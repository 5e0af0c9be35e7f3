import Bytes

/// An error of a NumPy array, worded after the name of its file and of its member.
enum NumPyError: IngotError, Equatable {
  case tooShort(byteCount: Int)
  case magic([UInt8])
  case version(major: UInt8, minor: UInt8)
  case headerTooLarge(byteCount: Int, limit: Int)
  case headerCutOff(byteCount: Int, available: Int)
  case header(offset: Int, expected: String)
  case notADictionary(found: String)
  case duplicateKey(String)
  case unknownKey(String)
  case missingKey(String)
  case value(key: String, found: String, expected: String)
  case bigEndian(String)
  /// Python objects, which only their pickle describes.
  case objects
  case shapeOverflows(String)
  case dataCutOff(byteCount: Int, available: Int)

  var category: ErrorCategory { .input }

  var description: String {
    switch self {
    case .tooShort(let byteCount): "array has \(counted(byteCount, "byte")), expected a header"
    case .magic(let found):
      "array begins with \(found.map(\.hexadecimal).joined(separator: " ")), expected 93 4e 55 4d 50 59"
    case .version(let major, let minor): "array has version \(major).\(minor), expected 1.0, 2.0 or 3.0"
    case .headerTooLarge(let byteCount, let limit):
      "header has \(byteCount.grouped) bytes, expected at most \(limit.grouped)"
    case .headerCutOff(let byteCount, let available):
      "header has \(byteCount.grouped) bytes but \(available.grouped) follow (\(missing(byteCount - available)))"
    case .header(let offset, let expected): "header is not valid at its byte \(offset.grouped), expected \(expected)"
    case .notADictionary(let found): "header is \(found.quoted), expected a dictionary"
    case .duplicateKey(let key): "header has \(key.quoted) twice"
    case .unknownKey(let key): "header has \(key.quoted), expected descr, fortran_order and shape"
    case .missingKey(let key): "header has no \(key.quoted)"
    case .value(let key, let found, let expected): "header: \(key) is \(found.quoted), expected \(expected)"
    case .bigEndian(let type):
      "array is big-endian (\(type.quoted)), expected little-endian (save array.astype(array.dtype.newbyteorder('<')))"
    case .objects: "array has Python objects in a pickle, which are not read (save arrays of numbers)"
    case .shapeOverflows(let shape): "shape \(shape) has more elements than there can be"
    case .dataCutOff(let byteCount, let available):
      "data has \(counted(available, "byte")), expected \(byteCount.grouped) (\(missing(byteCount - available)))"
    }
  }
}
