import Bytes
import Tensors

/// An error of joining model-parallel shards, worded after the folder's name.
enum ModelParallelError: ReadingError {
  case unreadable(FileError)
  case missing(TensorName, from: String)
  /// A tensor of one shard has another storage format, shape or value than that of the first.
  case differs(TensorName, String, in: String, from: String)
  case noRule(TensorName)
  case notAMatrix(TensorName, Shape)
  case width(TensorName, found: Shape, shardCount: Int, width: Int?)

  var category: ErrorCategory { .input }

  var fileError: FileError? { if case .unreadable(let error) = self { error } else { nil } }

  var description: String {
    switch self {
    case .unreadable(let error): error.description
    case .missing(let tensor, let shard): "tensor \(tensor.text.quoted): is missing from shard \(shard.quoted)"
    case .differs(let tensor, let what, let shard, let first):
      "tensor \(tensor.text.quoted): has another \(what) in shard \(shard.quoted) than in \(first.quoted)"
        + " (are they of one model?)"
    case .noRule(let tensor):
      "tensor \(tensor.text.quoted): no rule says how its parts in model-parallel shards are joined"
    case .notAMatrix(let tensor, let shape):
      "tensor \(tensor.text.quoted): has shape \(shape), expected the rows or columns of a matrix"
    case .width(let tensor, let found, let count, nil):
      "tensor \(tensor.text.quoted): \(count.grouped) parts of \(found) cannot be joined without the width of"
        + " \"norm.weight\""
    case .width(let tensor, let found, let count, let width?):
      "tensor \(tensor.text.quoted): \(count.grouped) parts of \(found) make no rows of \(width.grouped)"
        + " (is a shard missing?)"
    }
  }
}
