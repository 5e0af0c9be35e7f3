import Bytes
import Tensors

/// An error of a PyTorch checkpoint, worded after the file's name.
enum PyTorchError: IngotError {
  case unreadable(FileError)
  case pickle(PickleError)
  case zip(ZipError)
  case tar(TarError)
  case inMember(String, PickleError)
  case bigEndian(String)
  case noPickle
  case severalPickles([String])
  case pickleTooLarge(byteCount: Int, limit: Int)
  /// A part of the old forms that is not as it must be.
  case legacy(part: String, offset: Int, expected: String)
  case otherPickle(String)
  case noTensors(String)
  case tooDeep(limit: Int)
  case tooManyValues(limit: Int)
  case nameTooLong(byteCount: Int, limit: Int)
  case duplicateTensor(TensorName)
  case tensor(TensorName, TensorDefect)

  /// What is wrong with one tensor.
  enum TensorDefect: Hashable, Sendable {
    /// The arguments that it is made of are not those of a tensor.
    case arguments(expected: String)
    case storageType(String)
    case dtype(String)
    case noStorage(String)
    case shortStorage(String, stated: Int, found: Int)
    case beyondStorage(end: Int, byteCount: Int)
    case overflows
    case expanded(elements: Int, stored: Int)
    /// A flag by which values are not those that are stored.
    case lazily(String)
  }

  var category: ErrorCategory { .input }

  /// Returns the error with the name of the file first.
  func located(in path: String) -> any IngotError {
    switch self {
    case .unreadable(let error): error
    case .pickle(let error): error.located(in: path)
    case .zip(let error): error.located(in: path)
    case .inMember(_, .unreadable(let error)): error
    case .tar(.unreadable(let error)): error
    default: LocatedError(path: path, reason: self)
    }
  }

  var description: String {
    switch self {
    case .unreadable(let error): error.description
    case .pickle(let error): error.description
    case .zip(let error): error.description
    case .tar(let error): error.description
    case .inMember(let name, let error): "member \(name.quoted): \(error)"
    case .bigEndian(let place):
      "\(place): stores big-endian numbers, which are not read (save the model on a little-endian machine)"
    case .noPickle: "zip archive has no data.pkl, expected a PyTorch checkpoint"
    case .severalPickles(let names): "zip archive has several state dicts: \(names.quotedList(limit: 4))"
    case .pickleTooLarge(let byteCount, let limit):
      "pickle has \(byteCount.grouped) bytes, expected at most \(limit.grouped)"
    case .legacy(let part, let offset, let expected): "\(part) at byte \(offset.grouped): expected \(expected)"
    case .otherPickle(let what): "is a pickle of \(what), expected a PyTorch checkpoint (save the model as safetensors)"
    case .noTensors(let what): "contains no tensors (\(what)), expected a state dict"
    case .tooDeep(let limit): "values are nested in more than \(limit) others"
    case .tooManyValues(let limit): "values that contain others are there more than \(limit.grouped) times"
    case .nameTooLong(let byteCount, let limit):
      "a tensor's name has \(byteCount.grouped) bytes, expected at most \(limit.grouped)"
    case .duplicateTensor(let name): "tensor \(name.text.quoted): is there twice"
    case .tensor(let name, let defect): "tensor \(name.text.quoted): \(defect.words)"
    }
  }
}

extension PyTorchError.TensorDefect {
  fileprivate var words: String {
    switch self {
    case .arguments(let expected): "is made of other values, expected \(expected)"
    case .storageType(let name): "storage is of type \(name.quoted), which is unknown"
    case .dtype(let name): "dtype \(name.quoted) is unknown"
    case .noStorage(let key): "storage \(key.quoted) is missing from the file (is the download complete?)"
    case .shortStorage(let key, let stated, let found):
      "storage \(key.quoted) has \(counted(found, "byte")), expected \(stated.grouped)"
    case .beyondStorage(let end, let byteCount):
      "ends at byte \(end.grouped) of its storage, which has \(byteCount.grouped)"
    case .overflows: "has more bytes than 63 bits can count"
    case .expanded(let elements, let stored):
      "repeats \(counted(stored, "element")) to \(elements.grouped), which is not read (save it contiguous)"
    case .lazily(let what): "is stored \(what), which is not read (save its resolved values)"
    }
  }
}
