/// The bytes of a pickle, opcode by opcode.
struct PickleBytes {
  private(set) var bytes: [UInt8] = [0x80, 2]

  static func + (pickle: PickleBytes, more: [UInt8]) -> PickleBytes {
    var pickle = pickle
    pickle.bytes += more
    return pickle
  }

  func global(_ module: String, _ name: String) -> PickleBytes { self + Array("c\(module)\n\(name)\n".utf8) }
  func text(_ text: String) -> PickleBytes { self + [0x58] + number(text.utf8.count) + Array(text.utf8) }
  func integer(_ value: Int) -> PickleBytes {
    self + [0x8A, 8] + (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
  var mark: PickleBytes { self + [0x28] }
  var tuple: PickleBytes { self + [0x74] }
  var emptyTuple: PickleBytes { self + [0x29] }
  var dictionary: PickleBytes { self + [0x7D] }
  var list: PickleBytes { self + [0x5D] }
  var setItems: PickleBytes { self + [0x75] }
  var append: PickleBytes { self + [0x61] }
  var reduce: PickleBytes { self + [0x52] }
  var persistent: PickleBytes { self + [0x51] }
  func put(_ index: UInt8) -> PickleBytes { self + [0x71, index] }
  func get(_ index: UInt8) -> PickleBytes { self + [0x68, index] }
  var stopped: [UInt8] { bytes + [0x2E] }

  private func number(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
}

extension PickleBytes {
  func integers(_ values: [Int]) -> PickleBytes { values.reduce(mark) { $0.integer($1) }.tuple }

  /// A storage as torch refers to it.
  func storage(_ key: String, _ kind: String = "FloatStorage", elements: Int) -> PickleBytes {
    mark.text("storage").global("torch", kind).text(key).text("cpu").integer(elements).tuple.persistent
  }

  /// A tensor in a storage.
  func tensor(
    _ key: String, _ kind: String = "FloatStorage", elements: Int, offset: Int = 0, shape: [Int], strides: [Int]
  ) -> PickleBytes {
    global("torch._utils", "_rebuild_tensor_v2").mark.storage(key, kind, elements: elements).integer(offset)
      .integers(shape).integers(strides).integer(0).dictionary.tuple.reduce
  }
}
