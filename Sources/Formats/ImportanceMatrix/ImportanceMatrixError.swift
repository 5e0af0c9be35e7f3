import Bytes
import Tensors

/// An error of reading an importance matrix.
public enum ImportanceMatrixError: IngotError {
  case unreadable(FileError)
  case noEntries
  case entryCount(Int32, remaining: Int)
  case endsEarly(entry: Int, offset: Int, needed: Int, remaining: Int)
  case nameLength(entry: Int, byteCount: Int32, limit: Int)
  case nameNotUTF8(entry: Int)
  case valueCount(TensorName, Int32)
  case passCount(TensorName, Int32)
  case twice(TensorName)
  case notAMatrix
  case missingKey(String)
  case keyType(String, found: String)
  case unpaired(TensorName, found: String, missing: String)
  case format(tensor: TensorName, found: String)
  case bigEndian
  case countsDoNotDivide(TensorName, valueCount: Int, countCount: Int)
  case value(TensorName, index: Int, Float)
  case count(TensorName, index: Int, Float)

  public var category: ErrorCategory { .input }

  public var description: String {
    switch self {
    case .unreadable(let error): error.description
    case .noEntries: "has no entries, expected an importance matrix"
    case .entryCount(let count, let remaining):
      "states \(count.grouped) entries, but \(counted(remaining, "byte")) follow (expected an importance matrix)"
    case .endsEarly(let entry, let offset, let needed, let remaining):
      "entry \((entry + 1).grouped) needs \(counted(needed, "byte")) from byte \(offset.grouped) on but "
        + "\(remaining.grouped) remain"
    case .nameLength(let entry, let count, let limit):
      "entry \((entry + 1).grouped) has a name of \(count.grouped) bytes, expected 1 to \(limit.grouped)"
    case .nameNotUTF8(let entry): "entry \((entry + 1).grouped) has a name that is not UTF-8"
    case .valueCount(let name, let count):
      "entry \(name.text.quoted): has \(count.grouped) values, expected 1 or more"
    case .passCount(let name, let count):
      "entry \(name.text.quoted): counts \(count.grouped) passes, expected 0 or more"
    case .twice(let name): "entry \(name.text.quoted): occurs twice"
    case .notAMatrix:
      "is a GGUF without an importance matrix (expected tensors named *.in_sum2 and *.counts, as llama-imatrix writes)"
    case .missingKey(let key): "lacks \(key.quoted), which an importance matrix states"
    case .keyType(let key, let found): "\(key.quoted) is of type \(found), expected a count or a list of strings"
    case .unpaired(let name, let found, let missing):
      "entry \(name.text.quoted): has a tensor \(found.quoted) but none called \(missing.quoted)"
    case .format(let name, let found): "tensor \(name.text.quoted): has storage format \(found), expected F32"
    case .bigEndian: "is big-endian, expected a little-endian importance matrix"
    case .countsDoNotDivide(let name, let values, let counts):
      "entry \(name.text.quoted): \(counted(values, "value")) do not split evenly into \(counted(counts, "count"))"
    case .value(let name, let index, let value):
      "entry \(name.text.quoted): value \(index.grouped) is \(value), expected a finite number of at least 0"
    case .count(let name, let index, let value):
      "entry \(name.text.quoted): count \(index.grouped) is \(value), expected a finite number of at least 0"
    }
  }
}
