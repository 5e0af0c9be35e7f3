import Bytes
import Tensors

/// A tensor as a pickle describes it: a box of a storage.
struct TensorRecord: Hashable, Sendable {
  /// The storage, by the key of the persistent object.
  let storage: StorageReference
  let type: PyTorchType
  /// The first element, counted in elements of `type` from the first byte of the storage.
  let elementOffset: Int
  let dimensions: [Int]
  /// The elements from an index to the next, in each dimension.
  let strides: [Int]
}

/// A storage as a pickle refers to it: all bytes that are stored under a key, or a range of them.
struct StorageReference: Hashable, Sendable {
  let key: String
  /// The bytes that are stated for the key.
  let storedByteCount: Int
  /// The bytes of this storage among them.
  let range: Range<Int>
}

extension Pickle {
  /// The tensor that an object node describes, directly or within wrappers.
  ///
  /// - Returns: nil for other values; words in place of a record for tensors that are not a box of a storage.
  func tensor(
    _ value: PickleValue, storages: any StorageNaming
  ) throws(TensorRecordError) -> (record: TensorRecord?, words: String?)? {
    var value = value
    // Wrappers are few, and a chain of them may have no end.
    for _ in 0..<8 {
      if let record = try storages.tensor(value, in: self) { return (record, nil) }
      guard var (callee, arguments) = call(value) else { return nil }
      if case .call? = callee.meaning, arguments.count >= 3, let inner = global(arguments[0]) {
        (callee, arguments) = (inner, elements(arguments[2]) ?? [])
      }
      switch callee.meaning {
      case .tensor(let typeIndex)?:
        return (try record(arguments, typeIndex: typeIndex, storages: storages), nil)
      case .wrapper?:
        guard let first = arguments.first else { throw TensorRecordError(.arguments(expected: "a tensor")) }
        value = first
      case .otherTensor(let words)?: return (nil, words)
      case .call?, nil: return nil
      }
    }
    return nil
  }

  /// `(storage, offset, shape, strides, requires_grad, hooks, …)`
  private func record(
    _ arguments: [PickleValue], typeIndex: Int?, storages: any StorageNaming
  ) throws(TensorRecordError) -> TensorRecord {
    guard arguments.count >= 4, let offset = integer(arguments[1]), let dimensions = integers(sized(arguments[2])),
      let strides = integers(arguments[3]), dimensions.count == strides.count, offset >= 0
    else { throw TensorRecordError(.arguments(expected: "storage, offset, shape and strides")) }
    let (storage, ownType) = try storages.storage(arguments[0], in: self)
    var type = ownType
    if let typeIndex {
      guard arguments.count > typeIndex, let name = global(arguments[typeIndex]) else {
        throw TensorRecordError(.arguments(expected: "a dtype"))
      }
      guard name.module == "torch", let stated = PyTorchType.byName[name.name] else {
        throw TensorRecordError(.dtype(name.description))
      }
      type = stated
    }
    for metadata in arguments.dropFirst(typeIndex ?? 5).dropFirst() {
      for (key, value) in items(metadata) ?? [] where value == .bool(true) {
        if key == .text("neg") { throw TensorRecordError(.lazily("negated")) }
        if key == .text("conj") { throw TensorRecordError(.lazily("conjugated")) }
      }
    }
    return TensorRecord(
      storage: storage, type: type, elementOffset: offset, dimensions: dimensions, strides: strides)
  }

  /// `torch.Size((…))` as its tuple.
  func sized(_ value: PickleValue) -> PickleValue {
    guard let (callee, arguments) = call(value), callee.description == "torch.Size", let first = arguments.first else {
      return value
    }
    return first
  }
}

/// The defect of a tensor whose name is not known yet.
struct TensorRecordError: Error {
  let defect: PyTorchError.TensorDefect

  init(_ defect: PyTorchError.TensorDefect) { self.defect = defect }
}

/// How a form of PyTorch's files names storages in its pickle.
protocol StorageNaming {
  /// The storage that a value refers to, and the type of its elements.
  func storage(_ value: PickleValue, in pickle: Pickle) throws(TensorRecordError) -> (StorageReference, PyTorchType)

  /// The tensor that a value refers to without a call; nil if it does not.
  func tensor(_ value: PickleValue, in pickle: Pickle) throws(TensorRecordError) -> TensorRecord?
}

/// `("storage", class, key, location, elements)`, and in old files a view: nil or `(key, offset, elements)`.
struct PersistentStorages: StorageNaming {
  func storage(_ value: PickleValue, in pickle: Pickle) throws(TensorRecordError) -> (StorageReference, PyTorchType) {
    guard let id = pickle.persistentID(value), let facts = pickle.elements(id), facts.count >= 5,
      pickle.word(facts[0]) == "storage", let kind = pickle.global(facts[1]), let key = pickle.key(facts[2]),
      let elements = pickle.integer(facts[4]), elements >= 0
    else { throw TensorRecordError(.arguments(expected: "a storage")) }
    let isUntyped = PyTorchType.untypedStorages.contains(kind.name)
    guard let type = isUntyped ? PyTorchType.byName["uint8"] : PyTorchType.byStorage[kind.name] else {
      throw TensorRecordError(.storageType(kind.description))
    }
    func bytes(_ elements: Int) throws(TensorRecordError) -> Int {
      let (count, overflow) = elements.multipliedReportingOverflow(by: type.elementByteCount)
      guard !overflow else { throw TensorRecordError(.overflows) }
      return count
    }
    let byteCount = try bytes(elements)
    var range = 0..<byteCount
    if facts.count > 5, facts[5] != .none {
      guard let view = pickle.elements(facts[5]), view.count == 3, let first = pickle.integer(view[1]),
        let own = pickle.integer(view[2]), first >= 0, own >= 0, first <= elements, own <= elements - first
      else { throw TensorRecordError(.arguments(expected: "a view within its storage")) }
      range = try bytes(first)..<(try bytes(first + own))
    }
    return (StorageReference(key: key, storedByteCount: byteCount, range: range), type)
  }

  func tensor(_ value: PickleValue, in pickle: Pickle) -> TensorRecord? { nil }
}

extension Pickle {
  /// A text, also as the bytes that Python 2 writes.
  func word(_ value: PickleValue) -> String? {
    if case .bytes(let bytes) = value { return String(validating: bytes, as: UTF8.self) }
    return text(value)
  }

  /// The key of a storage: a text, or in the oldest files a number.
  func key(_ value: PickleValue) -> String? { word(value) ?? integer(value).map(String.init) }
}
