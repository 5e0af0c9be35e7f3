import Bytes

/// An error of a pickle; offsets count from the beginning of the file or member that it is in.
enum PickleError: ReadingError {
  case unreadable(FileError)
  case endsEarly(opcode: PickleOpcode?, offset: Int, needed: Int, remaining: Int)
  case unknownOpcode(UInt8, offset: Int)
  case refusedOpcode(PickleOpcode, offset: Int)
  case protocolVersion(Int, offset: Int)
  /// The stack, or the part of it since the last mark, has too few values.
  case emptyStack(PickleOpcode, offset: Int)
  case noMark(PickleOpcode, offset: Int)
  case noMemo(PickleOpcode, index: Int, offset: Int)
  /// A value is not of the kind that the opcode takes.
  case operand(PickleOpcode, expected: String, offset: Int)
  case text(PickleOpcode, offset: Int)
  case lineTooLong(PickleOpcode, offset: Int)
  case limit(what: String, limit: Int, offset: Int)

  var category: ErrorCategory { .input }

  var fileError: FileError? { if case .unreadable(let error) = self { error } else { nil } }

  var description: String {
    switch self {
    case .unreadable(let error): error.description
    case .endsEarly(nil, let offset, _, _): "pickle at byte \(offset.grouped): ends without opcode STOP"
    case .endsEarly(let opcode?, let offset, let needed, let remaining):
      Self.place(opcode, offset) + "needs \(counted(needed, "more byte")), \(remaining.grouped) remain"
    case .unknownOpcode(let code, let offset):
      "pickle at byte \(offset.grouped): unknown opcode 0x\(code.hexadecimal)"
    case .refusedOpcode(let opcode, let offset):
      Self.place(opcode, offset) + "is not read (save the model as safetensors)"
    case .protocolVersion(let version, let offset):
      "pickle at byte \(offset.grouped): has protocol \(version), expected 2 to 5"
    case .emptyStack(let opcode, let offset): Self.place(opcode, offset) + "finds too few values on the stack"
    case .noMark(let opcode, let offset): Self.place(opcode, offset) + "finds no mark on the stack"
    case .noMemo(let opcode, let index, let offset):
      Self.place(opcode, offset) + "refers to memo \(index.grouped), which was not set"
    case .operand(let opcode, let expected, let offset): Self.place(opcode, offset) + "expected \(expected)"
    case .text(let opcode, let offset): Self.place(opcode, offset) + "text is not UTF-8"
    case .lineTooLong(let opcode, let offset):
      Self.place(opcode, offset) + "a line has more than \(PickleMachine.maximumLineByteCount.grouped) bytes"
    case .limit(let what, let limit, let offset):
      "pickle at byte \(offset.grouped): has more than \(limit.grouped) \(what)"
    }
  }

  private static func place(_ opcode: PickleOpcode, _ offset: Int) -> String {
    "pickle at byte \(offset.grouped): opcode \(opcode.name): "
  }
}
