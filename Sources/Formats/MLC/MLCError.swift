import Bytes
import Tensors

/// An error of reading the index or the shards of an MLC checkpoint.
enum MLCError: ReadingError {
  case unreadable(FileError)
  /// A member of the index that is missing or of another kind.
  case member(String, expected: String)
  case repeatedShard(String)
  case missingShards([String], of: Int)
  case shardByteCount(String, expected: Int, found: Int)
  case repeatedTensor(TensorName, first: String, second: String)
  case byteCount(TensorName, Shape, StorageFormat, declared: Int)
  case overlap(TensorName, TensorName, shard: String)

  var category: ErrorCategory { .input }

  var fileError: FileError? { if case .unreadable(let error) = self { error } else { nil } }

  var description: String {
    switch self {
    case .unreadable(let error): error.description
    case .member(let path, let expected): "\(path): expected \(expected)"
    case .repeatedShard(let name): "lists shard \(name.quoted) twice"
    case .missingShards(let names, let count):
      "\(names.count.grouped) of \(counted(count, "shard")) \(names.count == 1 ? "is" : "are") missing from the folder:"
        + " \(names.quotedList(limit: 5)) (download \(names.count == 1 ? "it" : "them"))"
    case .shardByteCount(let name, let expected, let found):
      "shard \(name.quoted) has \(counted(found, "byte")), expected \(expected.grouped) (download it again)"
    case .repeatedTensor(let tensor, let first, let second) where first == second:
      "tensor \(tensor.text.quoted): is listed twice in shard \(first.quoted)"
    case .repeatedTensor(let tensor, let first, let second):
      "tensor \(tensor.text.quoted): is in shard \(first.quoted) and in \(second.quoted)"
    case .byteCount(let tensor, let shape, let format, let declared):
      "tensor \(tensor.text.quoted): nbytes is \(declared.grouped), but \(shape) of \(format.name) takes "
        + (format.byteCount(elementCount: shape.elementCount)?.grouped ?? "more than 63 bits can count")
    case .overlap(let tensor, let other, let shard):
      "tensor \(tensor.text.quoted): overlaps \(other.text.quoted) in shard \(shard.quoted)"
    }
  }
}
