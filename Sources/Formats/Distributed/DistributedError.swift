import Bytes
import Tensors

/// An error of a distributed checkpoint, worded after the name of its list.
enum DistributedError: IngotError {
  case unreadable(FileError)
  case pickle(PickleError)
  /// A part of the list that is missing or of another kind.
  case member(String, expected: String)
  case noTensors
  case missingFile(String)
  /// The archive of a chunk cannot be read.
  case chunk(String, offset: Int, PyTorchError)
  case tensor(TensorName, TensorDefect)

  /// What is wrong with one tensor; chunks are named by where they begin in it.
  enum TensorDefect: Hashable, Sendable {
    case member(String, expected: String)
    case dtype(String)
    case noStorage([Int])
    case repeatedChunk([Int])
    case transformed([String])
    case repeated
    case overflows
    case chunkOutside([Int])
    case incomplete(found: Int, of: Int)
    case overlap([Int], [Int])
    case beyondFile(String, end: Int, byteCount: Int)
    case chunkContent([Int], found: String, expected: String)
  }

  var category: ErrorCategory { .input }

  /// Returns the error with the name of the list first.
  func located(in path: String) -> any IngotError {
    switch self {
    case .unreadable(let error), .pickle(.unreadable(let error)), .chunk(_, _, .unreadable(let error)): error
    default: LocatedError(path: path, reason: self)
    }
  }

  var description: String {
    switch self {
    case .unreadable(let error): error.description
    case .pickle(let error): error.description
    case .member(let name, let expected): "\(name): expected \(expected)"
    case .noTensors: "lists no tensors, expected those of a model"
    case .missingFile(let name): "file \(name.quoted) is missing from the folder (download it)"
    case .chunk(let file, let offset, let error): "chunk at byte \(offset.grouped) of \(file.quoted): \(error)"
    case .tensor(let name, let defect): "tensor \(name.text.quoted): \(defect.words)"
    }
  }
}

extension DistributedError.TensorDefect {
  fileprivate var words: String {
    switch self {
    case .member(let name, let expected): "\(name): expected \(expected)"
    case .dtype(let name): "dtype \(name.quoted) is unknown"
    case .noStorage(let start): "chunk at \(start) is in no file"
    case .repeatedChunk(let start): "chunk at \(start) is listed twice"
    case .transformed(let names):
      "its bytes are transformed by \(names.quotedList(limit: 4)), which is not read (save it without extensions)"
    case .repeated: "is there twice"
    case .overflows: "has more bytes than 63 bits can count"
    case .chunkOutside(let start): "chunk at \(start) reaches beyond the tensor"
    case .incomplete(let found, let count):
      "its chunks have \(counted(found, "element")), expected \(count.grouped)"
    case .overlap(let one, let other): "chunks at \(one) and \(other) share elements"
    case .beyondFile(let file, let end, let byteCount):
      "ends at byte \(end.grouped) of \(file.quoted), which has \(byteCount.grouped) (download it again)"
    case .chunkContent(let start, let found, let expected):
      "chunk at \(start) is a tensor of \(found), expected \(expected)"
    }
  }
}
