import Bytes
import Tensors

/// An error of reading a container before GGUF.
enum LegacyGGMLError: ReadingError {
  /// The location in the file that was being read.
  enum Location: Sendable {
    case header
    case token(index: Int)
    case record(index: Int)
    case tensor(TensorName)
  }

  case unreadable(FileError)
  case endsEarly(Location, offset: Int, needed: Int, remaining: Int)
  case version(LegacyGGML.Magic, UInt32, known: String)
  case adapter(rank: UInt32, alpha: UInt32)
  case headerValue(String, UInt32, expected: String)
  case vocabularyTooLarge(UInt32, remaining: Int)
  case tokenTooLong(index: Int, byteCount: UInt32, limit: Int)
  case rank(index: Int, UInt32)
  case nameLength(index: Int, UInt32)
  case name(index: Int)
  case dimension(TensorName, UInt32)
  case shapeOverflows(TensorName, [UInt32])
  case type(TensorName, UInt32, revision: String)
  case partialBlock(TensorName, String, elementsPerBlock: Int, rowElementCount: Int)
  case dataTruncated(TensorName, end: Int, fileByteCount: Int)
  case duplicateTensor(TensorName)
  /// The embedding of a part is not a whole fraction of the header's width.
  case partWidth(TensorName, found: Int, width: Int)
  case missingPart(String, count: Int)
  case partHeader(String)
  /// A part that cannot be read, and why.
  case part(String, String)
  case partTensor(String, TensorName, fact: String)

  init(_ failure: ByteCursor.Failure, at location: Location) {
    switch failure {
    case .file(let error): self = .unreadable(error)
    case .endOfData(let offset, let needed, let remaining):
      self = .endsEarly(location, offset: offset, needed: needed, remaining: remaining)
    }
  }

  var category: ErrorCategory { .input }

  var fileError: FileError? { if case .unreadable(let error) = self { error } else { nil } }

  var description: String {
    switch self {
    case .unreadable(let error): error.description
    case .endsEarly(let location, let offset, let needed, let remaining):
      "\(location)needs \(counted(needed, "byte")) at byte \(offset.grouped), but \(remaining.grouped) remain"
        + " (\(missing(needed - remaining)))"
    case .version(let magic, let version, let known):
      "is \(magic.rawValue) version \(version.grouped), expected \(known) (is it a file of another program?)"
    case .adapter(let rank, let alpha):
      "is a LoRA adapter of llama.cpp before GGUF (rank \(rank.grouped), alpha \(alpha.grouped)), which is not read"
        + " (convert the adapter that it was made from)"
    case .headerValue(let name, let value, let expected):
      "header: \(name) is \(value.grouped), expected \(expected) (is it a file of another program?)"
    case .vocabularyTooLarge(let count, let remaining):
      "header: states \(count.grouped) tokens, more than the \(counted(remaining, "byte")) that follow can hold"
        + " (is it a file of another program?)"
    case .tokenTooLong(let index, let byteCount, let limit):
      "token \(index.grouped): has \(byteCount.grouped) bytes, at most \(limit.grouped) are allowed"
        + " (is it a file of another program?)"
    case .rank(let index, let rank):
      "tensor record \((index + 1).grouped): has \(rank.grouped) dimensions, expected 1 to \(LegacyGGML.maximumRank)"
    case .nameLength(let index, let length):
      "tensor record \((index + 1).grouped): name of \(length.grouped) bytes, expected 1 to"
        + " \(LegacyGGML.maximumNameByteCount)"
    case .name(let index): "tensor record \((index + 1).grouped): name is not text"
    case .dimension(let tensor, let value):
      "tensor \(tensor.text.quoted): has the dimension \(value.grouped), expected 1 to \(Int32.max.grouped)"
    case .shapeOverflows(let tensor, let dimensions):
      "tensor \(tensor.text.quoted): shape [\(dimensions.map(String.init).joined(separator: ", "))] has more bytes than 63"
        + " bits can count"
    case .type(let tensor, let type, let revision):
      "tensor \(tensor.text.quoted): ggml type \(type.grouped) is unknown in \(revision), so the next tensor cannot be"
        + " found"
    case .partialBlock(let tensor, let format, let count, let width):
      "tensor \(tensor.text.quoted): rows of \(counted(width, "element")) are not a whole number of blocks of \(count)"
        + " (\(format))"
    case .dataTruncated(let tensor, let end, let fileByteCount):
      "tensor \(tensor.text.quoted): data ends at byte \(end.grouped) but the file has"
        + " \(counted(fileByteCount, "byte")) (\(missing(end - fileByteCount)))"
    case .duplicateTensor(let tensor): "tensor \(tensor.text.quoted) occurs twice"
    case .partWidth(let tensor, let found, let width):
      "tensor \(tensor.text.quoted): has \(counted(found, "column")), expected \(width.grouped), or a whole fraction of it in"
        + " a part"
    case .missingPart(let name, let count):
      "is the first of \(count) parts, and \(name.quoted) is missing from the folder (put all parts next to each other)"
    case .partHeader(let name): "the part \(name.quoted) has another header"
    case .part(let name, let fact): "part \(name.quoted): \(fact)"
    case .partTensor(let name, let tensor, let fact): "tensor \(tensor.text.quoted): part \(name.quoted) \(fact)"
    }
  }
}

extension LegacyGGMLError.Location: CustomStringConvertible {
  /// The location with a colon and a space after it; records count from 1, tokens from 0.
  var description: String {
    switch self {
    case .header: "header: "
    case .token(let index): "token \(index.grouped): "
    case .record(let index): "tensor record \((index + 1).grouped): "
    case .tensor(let name): "tensor \(name.text.quoted): "
    }
  }
}
