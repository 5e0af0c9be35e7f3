import Bytes
import Tensors

// archive  = tar: sys_info, storages, tensors, pickle
// storages = a pickle of their number; for each a pickle of (KEY, location, class), elements u64, their bytes
//            a pickle of the list of views [(KEY, key of the whole, first element, elements), …]
// tensors  = a pickle of their number; for each a pickle of (KEY, key of its storage, class), dimensions u32, u32 of 0,
//            the shape and the strides as i64 each, the offset as i64
// pickle   = the pickle of the object; a storage or tensor in it is a persistent object, whose id is its KEY
//
// torch.save wrote this form until version 0.1.9. KEYs are addresses.

extension PyTorch {
  /// The members of the form, by which it is recognized.
  static let tarMembers = ["storages", "tensors", "pickle"]

  static func readTar(_ file: any ByteSource) throws(PyTorchError) -> ParsedHeader {
    let archive: TarArchive
    do throws(TarError) { archive = try TarArchive(file) } catch { throw .tar(error) }
    var ranges: [Range<Int>] = []
    for name in tarMembers {
      guard let member = archive[name] else { throw .tar(.noMember(name)) }
      ranges.append(member)
    }
    var storages = TarRecordReader(file, ranges[0]), tensors = TarRecordReader(file, ranges[1])
    var naming = TarStorages()
    try naming.readStorages(&storages)
    try naming.readTensors(&tensors)
    var objects = TarRecordReader(file, ranges[2])
    var state = StateDictReader(try objects.pickle(), naming)
    try state.read()
    let places = naming.places
    return try header(file, state, TensorPlacer(file), form: "tar") { storage, _ in places[storage.key] }
  }
}

/// Reads the pickles and numbers of a member one after the other.
struct TarRecordReader {
  private let file: any ByteSource
  private let end: Int
  private(set) var offset: Int

  init(_ file: any ByteSource, _ range: Range<Int>) {
    self.file = file
    (offset, end) = (range.lowerBound, range.upperBound)
  }

  mutating func pickle() throws(PyTorchError) -> Pickle {
    var cursor = ByteCursor(file, from: offset)
    do throws(PickleError) {
      let pickle = try PickleMachine.read(&cursor)
      try skip(pickle.byteCount)
      return pickle
    } catch {
      throw .pickle(error)
    }
  }

  mutating func number() throws(PyTorchError) -> Int {
    let start = offset
    do throws(PickleError) { try skip(8) } catch { throw .pickle(error) }
    do throws(FileError) {
      let pattern = try file.bytes(at: start, count: 8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
      return Int(Int64(bitPattern: pattern))
    } catch {
      throw .unreadable(error)
    }
  }

  /// Moves on by `count` bytes, which must be in the member.
  mutating func skip(_ count: Int) throws(PickleError) {
    guard count >= 0, count <= end - offset else {
      throw .endsEarly(opcode: nil, offset: end, needed: count, remaining: end - offset)
    }
    offset += count
  }
}
