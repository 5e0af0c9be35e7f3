import Bytes
import Tensors

// file    = magic protocol system object keys storage …
// magic   = a pickle of 0x1950A86A20F9469CFC6C
// protocol= a pickle of 1001
// system  = a pickle of { "protocol_version": 1001, "little_endian": bool, "type_sizes": { … } }
// object  = the pickle of the object; a storage in it is a persistent object with the id
//           ("storage", class, KEY, location, elements, view), where view is nil or (key, first element, elements)
// keys    = a pickle of the list of KEYs, in the order of the storages
// storage = elements u64, little-endian; then their bytes

extension PyTorch {
  private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
  private static let protocolVersion = 1001
  private static let countByteCount = 8

  static func readLegacy(_ file: any ByteSource) throws(PyTorchError) -> ParsedHeader {
    var cursor = ByteCursor(file)
    try requireMagic(&cursor)
    try requireProtocol(&cursor)
    let system = try pickle(&cursor)
    for (key, value) in system.items(system.root) ?? [] where key == .text("little_endian") && value == .bool(false) {
      throw .bigEndian("the system that it was saved on")
    }
    let object = try pickle(&cursor)
    let keysOffset = cursor.offset
    let keys = try pickle(&cursor)
    guard let list = keys.elements(keys.root) else {
      throw .legacy(part: "keys of storages", offset: keysOffset, expected: "a list")
    }
    let places = try storages(list.map(keys.key), of: object, in: file, from: cursor.offset)
    var state = StateDictReader(object, PersistentStorages())
    try state.read()
    return try header(file, state, TensorPlacer(file), form: "legacy pickle") { storage, _ in places[storage.key] }
  }

  private static func requireMagic(_ cursor: inout ByteCursor) throws(PyTorchError) {
    let root = try pickle(&cursor).root
    guard root != .wideInteger(magic) else { return }
    guard case .integer(let number) = root else { throw .otherPickle("other values") }
    throw .otherPickle("the number \(number)")
  }

  private static func requireProtocol(_ cursor: inout ByteCursor) throws(PyTorchError) {
    let offset = cursor.offset
    guard try pickle(&cursor).root != .integer(protocolVersion) else { return }
    throw .legacy(part: "protocol", offset: offset, expected: "\(protocolVersion)")
  }

  private static func pickle(_ cursor: inout ByteCursor) throws(PyTorchError) -> Pickle {
    do throws(PickleError) { return try PickleMachine.read(&cursor) } catch { throw .pickle(error) }
  }

  /// Where the storages with these keys are, one after the other from byte `start` on.
  private static func storages(
    _ keys: [String?], of object: Pickle, in file: any ByteSource, from start: Int
  ) throws(PyTorchError) -> [String: StorageBytes] {
    let stated = try storedTypes(of: object)
    var places: [String: StorageBytes] = [:]
    var offset = start
    for key in keys {
      guard let key, let facts = stated[key], places[key] == nil else {
        throw .legacy(
          part: "storages", offset: offset,
          expected: "one of each that the object has, not \((key ?? "a value").quoted)")
      }
      let count = try count(at: offset, of: file)
      offset += countByteCount
      let (byteCount, overflow) = Int(clamping: count).multipliedReportingOverflow(by: facts.elementByteCount)
      guard !overflow, byteCount == facts.byteCount else {
        throw .legacy(
          part: "storage \(key.quoted)", offset: offset - countByteCount,
          expected:
            "\(counted(facts.byteCount / facts.elementByteCount, "element")), as the object says, found \(count)")
      }
      guard byteCount <= file.byteCount - offset else {
        throw .legacy(
          part: "storage \(key.quoted)", offset: offset,
          expected: "\(counted(byteCount, "byte")), \(missing(byteCount - (file.byteCount - offset)))")
      }
      places[key] = StorageBytes(fileIndex: 0, offset: offset, byteCount: byteCount)
      offset += byteCount
    }
    return places
  }

  /// The bytes of each storage by its key, and those of its elements.
  private static func storedTypes(
    of object: Pickle
  ) throws(PyTorchError) -> [String: (byteCount: Int, elementByteCount: Int)] {
    var stated: [String: (byteCount: Int, elementByteCount: Int)] = [:]
    for (index, node) in object.nodes.enumerated() where node.kind == .persistent {
      // Others are the sources of classes.
      let facts = object.elements(node.parts[0]) ?? []
      guard let kind = facts.first, object.word(kind) == "storage" else { continue }
      do throws(TensorRecordError) {
        let (storage, type) = try PersistentStorages().storage(.node(index), in: object)
        stated[storage.key] = (storage.storedByteCount, type.elementByteCount)
      } catch {
        throw .tensor(TensorName("storage \(index)"), error.defect)
      }
    }
    return stated
  }

  private static func count(at offset: Int, of file: any ByteSource) throws(PyTorchError) -> UInt64 {
    guard countByteCount <= file.byteCount - offset else {
      throw .legacy(
        part: "storages", offset: offset,
        expected: "\(countByteCount) bytes of a count, \(file.byteCount - offset) remain")
    }
    do throws(FileError) {
      return try file.bytes(at: offset, count: countByteCount).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    } catch {
      throw .unreadable(error)
    }
  }
}
