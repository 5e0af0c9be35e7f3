import Bytes

// message = { tag value }      tag = varint: field number << 3 | wire type
// wire type 0 varint │ 1 eight bytes │ 2 varint length, bytes │ 5 four bytes

/// Reads the fields of one protobuf message from a range of bytes; every length is checked before use.
struct ProtobufReader {
  /// The value of a field, as its wire type gives it.
  enum Value {
    case varint(UInt64)
    case fixed64(UInt64)
    case bytes(Range<Int>)
    case fixed32(UInt32)
  }

  let bytes: [UInt8]
  private(set) var position: Int
  private let end: Int

  init(_ bytes: [UInt8]) { self.init(bytes, 0..<bytes.count) }

  /// Creates a reader of the message in `range`, which must be within `bytes`.
  init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = min(range.upperBound, bytes.count)
  }

  /// The next field, or nil at the end of the message.
  mutating func next() throws(VocabularyError) -> (field: Int, value: Value)? {
    guard position < end else { return nil }
    let tag = try varint()
    let field = Int(truncatingIfNeeded: tag >> 3 & 0x1FFF_FFFF)
    guard field > 0, tag >> 32 == 0 else { throw failure("impossible field number") }
    switch tag & 7 {
    case 0: return (field, .varint(try varint()))
    case 1: return (field, .fixed64(try fixed(8)))
    case 2:
      let length = try varint()
      guard let count = Int(exactly: length), count <= end - position else {
        throw failure("a field of \(length.grouped) bytes exceeds the \((end - position).grouped) that remain")
      }
      let range = position..<position + count
      position += count
      return (field, .bytes(range))
    case 5: return (field, .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
    default: throw failure("wire type \(tag & 7) is not supported")
    }
  }

  func failure(_ reason: String) -> VocabularyError { .invalidSentencePiece(offset: position, reason: reason) }

  private mutating func varint() throws(VocabularyError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard position < end else { throw failure("ends inside a number") }
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
    }
    throw failure("a number has more than ten bytes")
  }

  private mutating func fixed(_ count: Int) throws(VocabularyError) -> UInt64 {
    guard count <= end - position else { throw failure("ends inside a number") }
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes[position + index]) << UInt64(8 * index) }
    position += count
    return value
  }
}
