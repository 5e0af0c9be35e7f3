import Bytes
import Tensors

extension SafeTensors {
  /// One tensor as declared in the header; offsets count from the start of the data section.
  struct Entry {
    let name: TensorName
    let format: StorageFormat
    let shape: Shape
    let begin: Int
    let end: Int
  }

  /// Reads the members of a header one by one, so that a large header is never parsed into a tree.
  struct HeaderReader {
    private(set) var entries: [Entry] = []
    private(set) var metadata = Metadata()
    /// The byte range of the metadata's key and value in the header; nil if it has none.
    private(set) var metadataRange: Range<Int>?
    private var members: JSON.MemberReader
    private var keys: Set<ExactString> = []
    private var claimedByteCount = 0
    private var dataEnd = 0

    init(_ header: [UInt8]) {
      members = JSON.MemberReader(header)
    }

    mutating func readMembers() throws(SafeTensorsError) {
      while let (key, value) = try nextMember() {
        guard keys.insert(key).inserted else { throw .duplicateKey(key.text) }
        if key == ExactString(SafeTensors.metadataKey) {
          try readMetadata(value)
          metadataRange = members.range
          continue
        }
        let entry = try Self.entry(key, value)
        entries.append(entry)
        // Tensors that together have more bytes than there are before the farthest end must overlap. The rest of a
        // header that declares millions of them in one range need not be read.
        dataEnd = max(dataEnd, entry.end)
        let (claimed, overflow) = claimedByteCount.addingReportingOverflow(entry.end - entry.begin)
        claimedByteCount = claimed
        if overflow || claimed > dataEnd { return }
      }
    }

    private mutating func nextMember() throws(SafeTensorsError) -> (key: ExactString, value: JSON)? {
      do throws(JSONError) {
        return try members.next()
      } catch {
        throw .header(error)
      }
    }

    private mutating func readMetadata(_ value: JSON) throws(SafeTensorsError) {
      guard let object = value.object else { throw .metadataNotAnObject(found: value.kindName) }
      for (key, value) in object {
        guard let text = value.string else { throw .metadataNotText(key: key.text, found: value.kindName) }
        metadata.pairs[key] = .string(ByteString(text))
      }
    }
  }
}

extension SafeTensors.HeaderReader {
  private static func entry(_ name: TensorName, _ value: JSON) throws(SafeTensorsError) -> SafeTensors.Entry {
    guard let object = value.object else { throw .entryNotAnObject(tensor: name, found: value.kindName) }
    for (key, _) in object where !["dtype", "shape", "data_offsets"].contains(key.text) {
      throw .unknownField(tensor: name, field: key.text)
    }
    let format = try format(name, object)
    let dimensions = try numbers(name, object, "shape")
    guard let shape = Shape(dimensions) else { throw .shapeOverflows(tensor: name, dimensions: dimensions) }
    let offsets = try numbers(name, object, "data_offsets")
    guard offsets.count == 2 else { throw .wrongOffsetCount(tensor: name, count: offsets.count) }
    let (begin, end) = (offsets[0], offsets[1])
    guard begin <= end else { throw .reversedOffsets(tensor: name, begin: begin, end: end) }
    guard shape.elementCount % format.elementsPerBlock == 0 else {
      throw .partialByte(tensor: name, format: format, elementCount: shape.elementCount)
    }
    guard let byteCount = format.byteCount(elementCount: shape.elementCount) else {
      throw .shapeOverflows(tensor: name, dimensions: dimensions)
    }
    guard byteCount == end - begin else {
      throw .wrongByteCount(tensor: name, shape: shape, format: format, expected: byteCount, declared: end - begin)
    }
    return SafeTensors.Entry(name: name, format: format, shape: shape, begin: begin, end: end)
  }

  private static func format(_ name: TensorName, _ object: JSON.Object) throws(SafeTensorsError) -> StorageFormat {
    guard let value = object["dtype"] else { throw .missingField(tensor: name, field: "dtype") }
    guard let text = value.string else {
      throw .wrongField(tensor: name, field: "dtype", found: value.kindName, expected: "a string")
    }
    guard let format = StorageFormat(safeTensorsType: text) else { throw .unknownType(tensor: name, type: text) }
    return format
  }

  /// Returns the elements of an array of integers from 0 up.
  private static func numbers(
    _ name: TensorName, _ object: JSON.Object, _ field: String
  ) throws(SafeTensorsError) -> [Int] {
    guard let value = object[ExactString(field)] else { throw .missingField(tensor: name, field: field) }
    guard let array = value.array else {
      throw .wrongField(tensor: name, field: field, found: value.kindName, expected: "an array")
    }
    var numbers: [Int] = []
    for element in array {
      // "-0" is an integer to Swift but not to other readers; every sign is refused.
      guard let number = element.integer, number >= 0, !element.text(.compact).hasPrefix("-") else {
        throw .wrongElement(tensor: name, field: field, found: element.text(.compact))
      }
      numbers.append(number)
    }
    return numbers
  }
}
