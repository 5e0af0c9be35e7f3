import Bytes

// pickle  = opcode …, the last one STOP; a stack machine whose last value is the result
// opcode  = code u8, argument        (Lib/pickletools.py; numbers are little-endian unless said)
//
//   PROTO, BININT1, BINGET, BINPUT: u8 · BININT2: u16 · BININT: i32 · LONG_BINGET, LONG_BINPUT: u32 · FRAME: u64
//   BINFLOAT: f64, big-endian
//   SHORT_BINSTRING, SHORT_BINBYTES, SHORT_BINUNICODE, LONG1: length u8, bytes
//   BINSTRING, BINBYTES, BINUNICODE, LONG4: length u32, bytes
//   BINBYTES8, BINUNICODE8, BYTEARRAY8: length u64, bytes
//   GLOBAL: two lines, each with a newline
//
// GLOBAL and STACK_GLOBAL name what Python would import, REDUCE, NEWOBJ, NEWOBJ_EX and OBJ what it would call, BUILD whose
// state it would set. Here they make nodes that say so. Tables of extensions (EXT…), buffers outside of the pickle
// (NEXT_BUFFER, READONLY_BUFFER) and the lines of protocol 0 are refused.

/// Reads pickles without importing or running anything.
struct PickleMachine {
  /// The maximum bytes of a pickle: that of a state dict takes about 250 bytes a tensor.
  static let maximumByteCount = 64 << 20
  /// The maximum numbers of what a pickle makes.
  struct Limits {
    /// Values that are pushed; a tensor takes about 25.
    var valueCount = 1 << 22
    /// Nodes, and values that are remembered; a tensor takes about 8 of each.
    var nodeCount = 1 << 20
  }

  /// The maximum bytes of the name of a module or of something in it.
  static let maximumLineByteCount = 1 << 12

  var cursor: ByteCursor
  let start: Int
  var nodes: [PickleNode] = []
  var globals: [PickleGlobal] = []
  var stack: [PickleValue] = []
  /// The sizes of the stack at the marks.
  var marks: [Int] = []
  var memo: [Int: PickleValue] = [:]
  let limits: Limits
  private var valueCount = 0
  /// The opcode that is carried out, and its offset.
  private(set) var opcode = PickleOpcode.stop, offset = 0

  private init(_ cursor: ByteCursor, _ limits: Limits) {
    self.cursor = cursor
    self.limits = limits
    start = cursor.offset
  }

  /// Reads the pickle at `cursor`, which is then after its last opcode.
  static func read(_ cursor: inout ByteCursor, limits: Limits = Limits()) throws(PickleError) -> Pickle {
    var machine = PickleMachine(cursor, limits)
    let root = try machine.run()
    cursor = machine.cursor
    return Pickle(
      root: root, nodes: machine.nodes, globals: machine.globals, byteCount: machine.cursor.offset - machine.start)
  }

  /// Reads the pickle that `bytes` begin with.
  static func read(_ bytes: [UInt8], limits: Limits = Limits()) throws(PickleError) -> Pickle {
    var cursor = ByteCursor(bytes)
    return try read(&cursor, limits: limits)
  }

  private mutating func run() throws(PickleError) -> PickleValue {
    while true {
      offset = cursor.offset
      guard offset - start < Self.maximumByteCount else {
        throw .limit(what: "bytes", limit: Self.maximumByteCount, offset: start)
      }
      guard cursor.remaining > 0 else { throw .endsEarly(opcode: nil, offset: offset, needed: 1, remaining: 0) }
      let code = try number(UInt8.self)
      guard let opcode = PickleOpcode(rawValue: code) else { throw .unknownOpcode(code, offset: offset) }
      self.opcode = opcode
      if opcode == .stop { return try pop() }
      try carryOut()
    }
  }

  private mutating func carryOut() throws(PickleError) {
    switch opcode {
    case .proto: try readProtocol()
    case .frame: _ = try number(UInt64.self)
    case .mark: try mark()
    case .pop: try popOrUnmark()
    case .popMark: _ = try popToMark()
    case .dup: try push(top())
    case .none, .newTrue, .newFalse, .binInt, .binInt1, .binInt2, .long1, .long4, .binFloat: try pushNumber()
    case .binString, .shortBinString, .binUnicode, .shortBinUnicode, .binUnicode8: try pushText()
    case .binBytes, .shortBinBytes, .binBytes8, .byteArray8: try push(.bytes(bytes()))
    case .emptyTuple, .tuple, .tuple1, .tuple2, .tuple3: try pushTuple()
    case .emptyList, .list, .emptyDict, .dict, .emptySet, .frozenSet: try pushContainer()
    case .append, .appends, .setItem, .setItems, .addItems: try extend()
    case .global, .stackGlobal: try pushGlobal()
    case .reduce, .newObject, .newObjectEx, .object: try pushObject()
    case .build: try build()
    case .binPersID: try push(PickleNode(kind: .persistent, parts: [try pop()]))
    case .binGet, .longBinGet, .binPut, .longBinPut, .memoize: try useMemo()
    case .persID, .int, .long, .float, .string, .unicode, .get, .put, .inst, .ext1, .ext2, .ext4, .nextBuffer,
      .readonlyBuffer, .stop:
      throw .refusedOpcode(opcode, offset: offset)
    }
  }

  private mutating func readProtocol() throws(PickleError) {
    let version = Int(try number(UInt8.self))
    guard (2...5).contains(version) else { throw .protocolVersion(version, offset: offset) }
  }

  // MARK: - The stack

  mutating func push(_ value: PickleValue) throws(PickleError) {
    try countValue()
    stack.append(value)
  }

  private mutating func countValue() throws(PickleError) {
    valueCount += 1
    guard valueCount <= limits.valueCount else {
      throw .limit(what: "values", limit: limits.valueCount, offset: offset)
    }
  }

  mutating func push(_ node: PickleNode) throws(PickleError) {
    guard nodes.count < limits.nodeCount else {
      throw .limit(what: "values with parts", limit: limits.nodeCount, offset: offset)
    }
    nodes.append(node)
    try push(.node(nodes.count - 1))
  }

  /// Takes the last value since the last mark.
  mutating func pop() throws(PickleError) -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.popLast() else {
      throw .emptyStack(opcode, offset: offset)
    }
    return value
  }

  func top() throws(PickleError) -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.last else { throw .emptyStack(opcode, offset: offset) }
    return value
  }

  private mutating func mark() throws(PickleError) {
    try countValue()
    marks.append(stack.count)
  }

  /// Takes the values since the last mark, and the mark.
  mutating func popToMark() throws(PickleError) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw .noMark(opcode, offset: offset) }
    let values = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return values
  }

  /// POP takes a mark if nothing follows it.
  private mutating func popOrUnmark() throws(PickleError) {
    if let mark = marks.last, mark == stack.count { marks.removeLast() } else { _ = try pop() }
  }

  // MARK: - Bytes

  mutating func number<T: FixedWidthInteger>(_ type: T.Type) throws(PickleError) -> T {
    do throws(ByteCursor.Failure) { return try cursor.read(type) } catch { throw failure(error) }
  }

  mutating func bytes(_ count: Int) throws(PickleError) -> [UInt8] {
    do throws(ByteCursor.Failure) { return try cursor.readBytes(count) } catch { throw failure(error) }
  }

  private func failure(_ failure: ByteCursor.Failure) -> PickleError {
    switch failure {
    case .file(let error): .unreadable(error)
    case .endOfData(_, let needed, let remaining):
      .endsEarly(opcode: opcode, offset: offset, needed: needed, remaining: remaining)
    }
  }
}
