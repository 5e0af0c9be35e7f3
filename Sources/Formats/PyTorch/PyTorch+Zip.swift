import Bytes
import Tensors

// archive = zip: NAME/data.pkl      a pickle of the object; a storage in it is a persistent object with the id
//                                   ("storage", class, KEY, location, elements)
//                NAME/data/KEY      the bytes of that storage
//                NAME/byteorder     "little" or "big"; without it, little
//                NAME/version, NAME/.format_version, NAME/.storage_alignment, NAME/.data/serialization_id
//
// torch stores all members, aligned to 64 bytes; other writers may deflate them.

extension PyTorch {
  private static let pickleName = "data.pkl"

  static func readZip(_ file: any ByteSource, in range: Range<Int>? = nil) throws(PyTorchError) -> ParsedHeader {
    let archive = try archive(file, in: range)
    let pickles = archive.members.map(\.name).filter { $0 == pickleName || $0.hasSuffix("/" + pickleName) }
    guard let name = pickles.first else { throw .noPickle }
    guard pickles.count == 1 else { throw .severalPickles(pickles) }
    let prefix = String(name.dropLast(pickleName.count))
    if let order = archive[prefix + "byteorder"] {
      guard try bytes(of: order, in: archive) != Array("big".utf8) else {
        throw .bigEndian("member \(order.name.quoted)")
      }
    }
    let pickle: Pickle, bytes = try bytes(of: archive[name], in: archive)
    do throws(PickleError) {
      pickle = try PickleMachine.read(bytes)
    } catch {
      throw .inMember(name, error)
    }
    var state = StateDictReader(pickle, PersistentStorages())
    try state.read()
    var places: [String: StorageBytes] = [:]
    return try header(file, state, TensorPlacer(file), form: "zip") { (storage, placer) throws(PyTorchError) in
      if let place = places[storage.key] { return place }
      guard let member = archive[prefix + "data/" + storage.key] else {
        // Of a storage without bytes there need be none.
        return storage.storedByteCount == 0 ? StorageBytes(fileIndex: 0, offset: 0, byteCount: 0) : nil
      }
      let content = try content(of: member, in: archive)
      let index = member.method == .stored ? 0 : placer.add(content.source)
      let place = StorageBytes(fileIndex: index, offset: content.offset, byteCount: content.byteCount)
      places[storage.key] = place
      return place
    }
  }

  private static func archive(_ file: any ByteSource, in range: Range<Int>?) throws(PyTorchError) -> ZipArchive {
    do throws(ZipError) { return try ZipArchive(file, in: range) } catch { throw .zip(error) }
  }

  private static func content(of member: ZipMember, in archive: ZipArchive) throws(PyTorchError) -> ZipContent {
    do throws(ZipError) { return try archive.content(of: member) } catch { throw .zip(error) }
  }

  /// The bytes of a small member.
  private static func bytes(of member: ZipMember?, in archive: ZipArchive) throws(PyTorchError) -> [UInt8] {
    guard let member else { return [] }
    let content = try content(of: member, in: archive), limit = PickleMachine.maximumByteCount
    guard content.byteCount <= limit else { throw .pickleTooLarge(byteCount: content.byteCount, limit: limit) }
    do throws(FileError) {
      return try content.source.bytes(at: content.offset, count: content.byteCount)
    } catch {
      throw .unreadable(error)
    }
  }
}
