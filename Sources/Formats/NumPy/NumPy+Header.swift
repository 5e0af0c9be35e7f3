import Bytes
import Tensors

// array   = magic version length header data        numpy.lib.format of NumPy 2.4
//
//  0 ┊ 93 "NUMPY" │ 6 ┊ major u8 │ 7 ┊ minor u8 │ 8 ┊ length u16, from version 2 on u32 │ 10 or 12 ┊ header │ data
//
// header  = { 'descr': type, 'fortran_order': bool, 'shape': (extent, …), }    a Python literal in ASCII, spaces and a newline
// data    = the elements, last index fastest, or with fortran_order first index fastest

extension NumPy {
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// NumPy itself reads headers of at most 10,000 bytes unless it is told to trust the file.
  static let maximumHeaderByteCount = 1 << 16

  /// What the header of an array says.
  struct Header: Equatable {
    let type: NumPyType
    /// Whether the first index is fastest.
    let isFortranOrder: Bool
    let shape: Shape
    /// The offset of the first element.
    let dataOffset: Int
  }

  /// Reads the header of the array that fills the `byteCount` bytes of `source` from `offset` on.
  static func header(_ source: any ByteSource, at offset: Int, byteCount: Int) throws -> Header {
    let fixed = try source.bytes(at: offset, count: min(12, byteCount))
    guard fixed.count >= 10 else { throw NumPyError.tooShort(byteCount: fixed.count) }
    guard fixed.starts(with: magic) else { throw NumPyError.magic(Array(fixed.prefix(6))) }
    let major = fixed[6], minor = fixed[7]
    guard (1...3).contains(major), minor == 0 else { throw NumPyError.version(major: major, minor: minor) }
    let lengthByteCount = major == 1 ? 2 : 4, start = 8 + lengthByteCount
    guard byteCount >= start else { throw NumPyError.tooShort(byteCount: byteCount) }
    let length = fixed[8..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= maximumHeaderByteCount else {
      throw NumPyError.headerTooLarge(byteCount: length, limit: maximumHeaderByteCount)
    }
    guard length <= byteCount - start else {
      throw NumPyError.headerCutOff(byteCount: length, available: byteCount - start)
    }
    return try parsed(try source.bytes(at: offset + start, count: length), dataOffset: start + length)
  }

  /// Reads the text of a header.
  static func parsed(_ text: [UInt8], dataOffset: Int) throws(NumPyError) -> Header {
    let members = try members(of: text)
    let type = try NumPyType(members.descr)
    guard case .bool(let isFortranOrder) = members.fortranOrder else {
      throw .value(key: "fortran_order", found: members.fortranOrder.text, expected: "True or False")
    }
    guard case .tuple(let items) = members.shape else {
      throw .value(key: "shape", found: members.shape.text, expected: "a tuple of extents")
    }
    var extents: [Int] = []
    for item in items {
      guard case .integer(let extent) = item, extent >= 0 else {
        throw .value(key: "shape", found: members.shape.text, expected: "a tuple of extents")
      }
      extents.append(extent)
    }
    guard let shape = Shape(extents) else { throw .shapeOverflows(members.shape.text) }
    return Header(type: type, isFortranOrder: isFortranOrder, shape: shape, dataOffset: dataOffset)
  }

  private static func members(
    of text: [UInt8]
  ) throws(NumPyError) -> (descr: PythonLiteral, fortranOrder: PythonLiteral, shape: PythonLiteral) {
    let literal: PythonLiteral
    do throws(PythonLiteral.Failure) {
      literal = try PythonLiteral(text)
    } catch {
      throw .header(offset: error.offset, expected: error.expected)
    }
    guard case .dictionary(let pairs) = literal else { throw .notADictionary(found: literal.text) }
    var members: [String: PythonLiteral] = [:]
    for (key, value) in pairs {
      guard case .string(let name) = key, ["descr", "fortran_order", "shape"].contains(name) else {
        throw .unknownKey(key.text)
      }
      guard members.updateValue(value, forKey: name) == nil else { throw .duplicateKey(name) }
    }
    func member(_ name: String) throws(NumPyError) -> PythonLiteral {
      guard let value = members[name] else { throw .missingKey(name) }
      return value
    }
    return (try member("descr"), try member("fortran_order"), try member("shape"))
  }
}
