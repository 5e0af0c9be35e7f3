import Bytes
import Tensors

/// Storages and tensors of the tar form by their keys.
struct TarStorages: StorageNaming {
  /// The most dimensions that a tensor has; torch allows 64.
  private static let maximumRank = 64

  /// Where the bytes of each storage are.
  private(set) var places: [String: StorageBytes] = [:]
  private var storages: [String: (reference: StorageReference, type: PyTorchType)] = [:]
  private var tensors: [String: TensorRecord] = [:]

  mutating func readStorages(_ reader: inout TarRecordReader) throws(PyTorchError) {
    for _ in 0..<(try count(&reader)) {
      let start = reader.offset, pickle = try reader.pickle()
      guard let facts = pickle.elements(pickle.root), facts.count == 3, let key = pickle.key(facts[0]),
        let kind = pickle.global(facts[2]), let type = PyTorchType.byStorage[kind.name], places[key] == nil
      else { throw .legacy(part: "storage", offset: start, expected: "a new key, a location and a class of storages") }
      let (byteCount, overflow) = try reader.number().multipliedReportingOverflow(by: type.elementByteCount)
      guard byteCount >= 0, !overflow else {
        throw .legacy(part: "storage \(key.quoted)", offset: start, expected: "a number of elements")
      }
      places[key] = StorageBytes(fileIndex: 0, offset: reader.offset, byteCount: byteCount)
      storages[key] = (StorageReference(key: key, storedByteCount: byteCount, range: 0..<byteCount), type)
      do throws(PickleError) { try reader.skip(byteCount) } catch { throw .pickle(error) }
    }
    let start = reader.offset, views = try reader.pickle()
    for view in views.elements(views.root) ?? [] {
      guard let facts = views.elements(view), facts.count == 4, let key = views.key(facts[0]),
        let whole = views.key(facts[1]), let root = storages[whole], let first = views.integer(facts[2]),
        let count = views.integer(facts[3]), first >= 0, count >= 0,
        first <= root.reference.range.count / root.type.elementByteCount,
        count <= root.reference.range.count / root.type.elementByteCount - first
      else { throw .legacy(part: "views of storages", offset: start, expected: "ranges of storages") }
      let size = root.type.elementByteCount, base = root.reference.range.lowerBound
      let range = base + first * size..<base + (first + count) * size
      storages[key] = (
        StorageReference(
          key: root.reference.key, storedByteCount: root.reference.storedByteCount, range: range), root.type
      )
    }
  }

  mutating func readTensors(_ reader: inout TarRecordReader) throws(PyTorchError) {
    for _ in 0..<(try count(&reader)) {
      let start = reader.offset, pickle = try reader.pickle()
      guard let facts = pickle.elements(pickle.root), facts.count == 3, let key = pickle.key(facts[0]),
        let storage = pickle.key(facts[1]).flatMap({ storages[$0] })
      else { throw .legacy(part: "tensor", offset: start, expected: "a key, that of a storage and a class of tensors") }
      // Only the lower 32 bits are the number.
      let rank = try reader.number() & 0xFFFF_FFFF
      guard rank <= Self.maximumRank else {
        throw .legacy(part: "tensor \(key.quoted)", offset: start, expected: "at most \(Self.maximumRank) dimensions")
      }
      var numbers: [Int] = []
      for _ in 0..<2 * rank + 1 { numbers.append(try reader.number()) }
      guard let offset = numbers.last, offset >= 0 else {
        throw .legacy(part: "tensor \(key.quoted)", offset: start, expected: "an offset from 0 up")
      }
      tensors[key] = TensorRecord(
        storage: storage.reference, type: storage.type, elementOffset: offset, dimensions: Array(numbers[..<rank]),
        strides: Array(numbers[rank..<2 * rank]))
    }
  }

  /// A number of records, each of which takes bytes, so that a loop over them ends.
  private func count(_ reader: inout TarRecordReader) throws(PyTorchError) -> Int {
    let start = reader.offset, pickle = try reader.pickle()
    guard let count = pickle.integer(pickle.root), count >= 0 else {
      throw .legacy(part: "number of records", offset: start, expected: "an integer from 0 up")
    }
    return count
  }

  func storage(_ value: PickleValue, in pickle: Pickle) throws(TensorRecordError) -> (StorageReference, PyTorchType) {
    guard let key = pickle.persistentID(value).flatMap(pickle.key), let storage = storages[key] else {
      throw TensorRecordError(.arguments(expected: "a storage"))
    }
    return (storage.reference, storage.type)
  }

  func tensor(_ value: PickleValue, in pickle: Pickle) -> TensorRecord? {
    pickle.persistentID(value).flatMap(pickle.key).flatMap { tensors[$0] }
  }
}
