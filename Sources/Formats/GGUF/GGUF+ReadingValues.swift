import Bytes
import Tensors

extension GGUF.Reader {
  /// Reads a type and the value after it.
  mutating func readValue() throws(GGUFError) -> MetadataValue {
    switch try readType() {
    case .uint8: .uint8(try read(UInt8.self))
    case .int8: .int8(try read(Int8.self))
    case .uint16: .uint16(try read(UInt16.self))
    case .int16: .int16(try read(Int16.self))
    case .uint32: .uint32(try read(UInt32.self))
    case .int32: .int32(try read(Int32.self))
    case .uint64: .uint64(try read(UInt64.self))
    case .int64: .int64(try read(Int64.self))
    case .float32: .float32(Float(bitPattern: try read(UInt32.self)))
    case .float64: .float64(Double(bitPattern: try read(UInt64.self)))
    case .bool: .bool(try readBool())
    case .string: .string(ByteString(try readBytes(readByteCount(limit: GGUF.maximumStringByteCount))))
    case .array: .array(try readArray(depth: 1))
    }
  }

  private mutating func readType() throws(GGUFError) -> GGUF.ValueType {
    let id = try read(UInt32.self)
    guard let type = GGUF.ValueType(rawValue: id) else { throw .unknownValueType(location, id: id) }
    return type
  }

  private mutating func readBool() throws(GGUFError) -> Bool {
    let byte = try read(UInt8.self)
    guard byte <= 1 else { throw .invalidBool(location, byte: byte) }
    return byte == 1
  }

  /// An element type, a count and the elements.
  private mutating func readArray(depth: Int) throws(GGUFError) -> MetadataArray {
    guard depth <= GGUF.maximumArrayDepth else { throw .arrayTooDeep(location, limit: GGUF.maximumArrayDepth) }
    let type = try readType()
    let count = try readElementCount(of: type)
    switch type {
    case .uint8: return .uint8(try readElements(count))
    case .int8: return .int8(try readElements(count))
    case .uint16: return .uint16(try readElements(count))
    case .int16: return .int16(try readElements(count))
    case .uint32: return .uint32(try readElements(count))
    case .int32: return .int32(try readElements(count))
    case .uint64: return .uint64(try readElements(count))
    case .int64: return .int64(try readElements(count))
    case .float32: return .float32(try readElements(count).map { (bits: UInt32) in Float(bitPattern: bits) })
    case .float64: return .float64(try readElements(count).map { (bits: UInt64) in Double(bitPattern: bits) })
    case .bool:
      var values: [Bool] = []
      for _ in 0..<count { values.append(try readBool()) }
      return .bool(values)
    case .string: return .string(try readStrings(count))
    case .array:
      var values: [MetadataArray] = []
      for _ in 0..<count { values.append(try readArray(depth: depth + 1)) }
      return .array(values)
    }
  }

  /// A count of elements that fit in the rest of the file, within the limits.
  private mutating func readElementCount(of type: GGUF.ValueType) throws(GGUFError) -> Int {
    let declared = try read(UInt64.self)
    guard declared <= GGUF.maximumArrayElementCount else {
      throw .arrayTooLong(location, count: declared, limit: GGUF.maximumArrayElementCount)
    }
    do throws(ByteCursor.Failure) {
      return try cursor.requireRemaining(declared, of: type.minimumByteCount)
    } catch {
      throw GGUFError(error, at: location)
    }
  }

  private mutating func readElements<T: FixedWidthInteger>(_ count: Int) throws(GGUFError) -> [T] {
    do throws(ByteCursor.Failure) {
      return try cursor.readArray(of: T.self, count: count)
    } catch {
      throw GGUFError(error, at: location)
    }
  }

  /// Reads strings into one buffer: a vocabulary takes two allocations, not one per token.
  private mutating func readStrings(_ count: Int) throws(GGUFError) -> PackedStrings {
    var bytes: [UInt8] = []
    var ends: [Int] = []
    ends.reserveCapacity(count)
    while ends.count < count {
      cursor.readStringsInWindow(
        count - ends.count, limit: GGUF.maximumStringByteCount, appendingTo: &bytes, ends: &ends)
      guard bytes.count <= GGUF.maximumMetadataByteCount else {
        throw .metadataTooLarge(limit: GGUF.maximumMetadataByteCount)
      }
      guard ends.count < count else { break }
      // The next string is too long, or crosses the end of the window.
      let byteCount = try readByteCount(limit: GGUF.maximumStringByteCount)
      guard bytes.count + byteCount <= GGUF.maximumMetadataByteCount else {
        throw .metadataTooLarge(limit: GGUF.maximumMetadataByteCount)
      }
      do throws(ByteCursor.Failure) {
        try cursor.readBytes(byteCount, appendingTo: &bytes)
      } catch {
        throw GGUFError(error, at: location)
      }
      ends.append(bytes.count)
    }
    return PackedStrings(bytes: bytes, ends: ends)
  }
}
