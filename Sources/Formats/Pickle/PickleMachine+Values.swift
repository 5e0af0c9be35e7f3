import Bytes

extension PickleMachine {
  mutating func pushNumber() throws(PickleError) {
    switch opcode {
    case .newTrue: try push(.bool(true))
    case .newFalse: try push(.bool(false))
    case .binInt: try push(.integer(Int(number(Int32.self))))
    case .binInt1: try push(.integer(Int(number(UInt8.self))))
    case .binInt2: try push(.integer(Int(number(UInt16.self))))
    case .long1, .long4: try push(Self.integer(bytes()))
    case .binFloat: try push(.real(Double(bitPattern: number(UInt64.self).byteSwapped)))
    default: try push(.none)
    }
  }

  /// The integer with these bytes in two's complement, lowest first.
  private static func integer(_ bytes: [UInt8]) -> PickleValue {
    guard bytes.count <= 8 else { return .wideInteger(bytes) }
    let isNegative = bytes.last.map { $0 >= 0x80 } ?? false
    var pattern: UInt64 = isNegative ? .max : 0
    for byte in bytes.reversed() { pattern = pattern << 8 | UInt64(byte) }
    return .integer(Int(Int64(bitPattern: pattern)))
  }

  mutating func pushText() throws(PickleError) {
    let bytes = try bytes()
    if let text = String(validating: bytes, as: UTF8.self) { return try push(.text(ExactString(text))) }
    // Strings of Python 2 are bytes.
    guard opcode == .binString || opcode == .shortBinString else { throw .text(opcode, offset: offset) }
    try push(.bytes(bytes))
  }

  /// The bytes after the length that the opcode has.
  mutating func bytes() throws(PickleError) -> [UInt8] {
    let count: UInt64
    switch opcode {
    case .shortBinString, .shortBinBytes, .shortBinUnicode, .long1: count = UInt64(try number(UInt8.self))
    case .binBytes8, .binUnicode8, .byteArray8: count = try number(UInt64.self)
    default: count = UInt64(try number(UInt32.self))
    }
    guard let exact = Int(exactly: count), exact <= cursor.remaining else {
      throw .endsEarly(opcode: opcode, offset: offset, needed: Int(clamping: count), remaining: cursor.remaining)
    }
    guard exact <= Self.maximumByteCount - (cursor.offset - start) else {
      throw .limit(what: "bytes", limit: Self.maximumByteCount, offset: start)
    }
    return try bytes(exact)
  }

  mutating func pushTuple() throws(PickleError) {
    var parts: [PickleValue] = []
    switch opcode {
    case .tuple: parts = try popToMark()
    case .tuple1: parts = [try pop()]
    case .tuple2: parts = [try pop(), try pop()].reversed()
    case .tuple3: parts = [try pop(), try pop(), try pop()].reversed()
    default: break
    }
    try push(PickleNode(kind: .tuple, parts: parts))
  }

  mutating func pushContainer() throws(PickleError) {
    switch opcode {
    case .list: try push(PickleNode(kind: .list, parts: popToMark()))
    case .frozenSet: try push(PickleNode(kind: .set, parts: popToMark()))
    case .emptySet: try push(PickleNode(kind: .set))
    case .emptyDict: try push(PickleNode(kind: .dictionary))
    case .dict: try push(PickleNode(kind: .dictionary, items: pairs(of: popToMark())))
    default: try push(PickleNode(kind: .list))
    }
  }

  /// Adds to the list, set, dictionary or object that remains on the stack.
  mutating func extend() throws(PickleError) {
    let values: [PickleValue]
    switch opcode {
    case .append: values = [try pop()]
    case .setItem: values = [try pop(), try pop()].reversed()
    default: values = try popToMark()
    }
    guard case .node(let index) = try top() else { throw operand("a list, set, dictionary or object") }
    switch (opcode, nodes[index].kind) {
    case (.append, .list), (.appends, .list), (.addItems, .set): nodes[index].parts += values
    case (.append, .object), (.appends, .object): nodes[index].appended += values
    case (.setItem, .dictionary), (.setItems, .dictionary), (.setItem, .object), (.setItems, .object):
      nodes[index].items += try pairs(of: values)
    case (.append, _), (.appends, _): throw operand("a list or object")
    case (.addItems, _): throw operand("a set")
    default: throw operand("a dictionary or object")
    }
  }

  private func pairs(of values: [PickleValue]) throws(PickleError) -> [(key: PickleValue, value: PickleValue)] {
    guard values.count % 2 == 0 else { throw operand("pairs of keys and values") }
    return stride(from: 0, to: values.count, by: 2).map { (values[$0], values[$0 + 1]) }
  }

  func operand(_ expected: String) -> PickleError { .operand(opcode, expected: expected, offset: offset) }

  // MARK: - Imports and calls

  mutating func pushGlobal() throws(PickleError) {
    let global: PickleGlobal
    if opcode == .global {
      global = PickleGlobal(module: try line(), name: try line())
    } else {
      let name = try pop(), module = try pop()
      guard case .text(let module) = module, case .text(let name) = name else { throw operand("two texts") }
      global = PickleGlobal(module: module.text, name: name.text)
    }
    globals.append(global)
    try push(PickleNode(kind: .global(globals.count - 1)))
  }

  private mutating func line() throws(PickleError) -> String {
    var line: [UInt8] = []
    while true {
      let byte = try number(UInt8.self)
      guard byte != 0x0A else { break }
      guard line.count < Self.maximumLineByteCount else { throw .lineTooLong(opcode, offset: offset) }
      line.append(byte)
    }
    guard let text = String(validating: line, as: UTF8.self) else { throw .text(opcode, offset: offset) }
    return text
  }

  mutating func pushObject() throws(PickleError) {
    if opcode == .object {
      let values = try popToMark()
      guard let callee = values.first else { throw .emptyStack(opcode, offset: offset) }
      try push(PickleNode(kind: .tuple, parts: Array(values.dropFirst())))
      let arguments = try pop()
      return try push(PickleNode(kind: .object, parts: [callee, arguments]))
    }
    // Keyword arguments of NEWOBJ_EX say nothing that is read.
    if opcode == .newObjectEx { _ = try pop() }
    let arguments = try pop(), callee = try pop()
    guard case .node(let index) = arguments, nodes[index].kind == .tuple else { throw operand("a tuple of arguments") }
    try push(PickleNode(kind: .object, parts: [callee, arguments]))
  }

  /// Keeps the state that an object is given.
  mutating func build() throws(PickleError) {
    let state = try pop()
    guard case .node(let index) = try top() else { throw operand("an object") }
    nodes[index].state = state
  }

  // MARK: - The memo

  mutating func useMemo() throws(PickleError) {
    switch opcode {
    case .memoize: try remember(memo.count)
    case .binPut: try remember(Int(number(UInt8.self)))
    case .longBinPut: try remember(Int(number(UInt32.self)))
    default:
      let index = opcode == .binGet ? Int(try number(UInt8.self)) : Int(try number(UInt32.self))
      guard let value = memo[index] else { throw .noMemo(opcode, index: index, offset: offset) }
      try push(value)
    }
  }

  private mutating func remember(_ index: Int) throws(PickleError) {
    memo[index] = try top()
    guard memo.count <= limits.nodeCount else {
      throw .limit(what: "remembered values", limit: limits.nodeCount, offset: offset)
    }
  }
}
