import Bytes

/// Writes a pickle of protocol 2 with few opcodes, which are those that `torch.load` runs with `weights_only`.
///
/// Nothing is put into the memo, so equal parts are written again.
struct PickleWriter {
  private var bytes: [UInt8] = [PickleOpcode.proto.rawValue, 2]

  /// The pickle of what was written, one value.
  var pickle: [UInt8] { bytes + [PickleOpcode.stop.rawValue] }

  mutating func put(_ opcode: PickleOpcode) { bytes.append(opcode.rawValue) }

  mutating func text(_ text: String) {
    put(.binUnicode)
    bytes.appendLittleEndian(UInt32(text.utf8.count))
    bytes += text.utf8
  }

  /// An integer, in the form that Python's pickle chooses.
  mutating func integer(_ value: Int) {
    if let small = UInt8(exactly: value) {
      put(.binInt1)
      bytes.append(small)
    } else if let short = UInt16(exactly: value) {
      put(.binInt2)
      bytes.appendLittleEndian(short)
    } else if let word = Int32(exactly: value) {
      put(.binInt)
      bytes.appendLittleEndian(word)
    } else {
      put(.long1)
      bytes.append(8)
      bytes.appendLittleEndian(Int64(value))
    }
  }

  /// A number of 64 bits, which pickles have with the highest byte first.
  mutating func real(_ value: Double) {
    put(.binFloat)
    bytes.appendLittleEndian(value.bitPattern.byteSwapped)
  }

  mutating func bool(_ value: Bool) { put(value ? .newTrue : .newFalse) }

  /// A name that is imported.
  mutating func global(_ module: String, _ name: String) {
    put(.global)
    bytes += Array("\(module)\n\(name)\n".utf8)
  }

  /// The call of a name without arguments.
  mutating func call(_ module: String, _ name: String) {
    global(module, name)
    put(.emptyTuple)
    put(.reduce)
  }

  /// A tuple of what `body` writes.
  mutating func tuple(_ body: (inout PickleWriter) -> Void) {
    put(.mark)
    body(&self)
    put(.tuple)
  }

  /// Members of the dictionary that was written last; `body` writes keys and values in turn.
  mutating func members(_ body: (inout PickleWriter) -> Void) {
    put(.mark)
    body(&self)
    put(.setItems)
  }
}
