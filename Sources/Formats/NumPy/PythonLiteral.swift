// literal = string | integer | "True" | "False" | "None" | "(" items ")" | "[" items "]" | "{" pairs "}"
// string  = ' or ", printable ASCII without a backslash, the same quote
// integer = digits, "L" after them in files of Python 2
// items   = literals between commas; a comma may follow the last
// pairs   = literal ":" literal, between commas
//
// Spaces may be anywhere between.

/// A value that Python writes as `repr` does; nothing is evaluated.
indirect enum PythonLiteral: Equatable {
  case string(String)
  case integer(Int)
  case bool(Bool)
  case none
  case tuple([PythonLiteral])
  case list([PythonLiteral])
  case dictionary([(key: PythonLiteral, value: PythonLiteral)])

  /// Literals inside of others: NumPy nests a few.
  static let maximumDepth = 16

  /// Text that is not a literal, and what was expected at this byte of it.
  struct Failure: Error, Equatable {
    let offset: Int
    let expected: String
  }

  /// Reads `text`, which is one literal with spaces and a newline around it.
  init(_ text: [UInt8]) throws(Failure) {
    var parser = Parser(text: text)
    self = try parser.literal(depth: 0)
    parser.skipSpaces()
    guard parser.offset == text.count else { throw parser.failure("the end") }
  }

  static func == (one: PythonLiteral, other: PythonLiteral) -> Bool {
    switch (one, other) {
    case (.string(let one), .string(let other)): one == other
    case (.integer(let one), .integer(let other)): one == other
    case (.bool(let one), .bool(let other)): one == other
    case (.none, .none): true
    case (.tuple(let one), .tuple(let other)), (.list(let one), .list(let other)): one == other
    case (.dictionary(let one), .dictionary(let other)): one.elementsEqual(other) { $0 == $1 }
    default: false
    }
  }

  /// The value as Python writes it.
  var text: String {
    func items(_ values: [PythonLiteral]) -> String { values.map(\.text).joined(separator: ", ") }
    return switch self {
    case .string(let text): "'\(text)'"
    case .integer(let number): "\(number)"
    case .bool(let flag): flag ? "True" : "False"
    case .none: "None"
    case .tuple(let values): "(\(items(values))\(values.count == 1 ? "," : ""))"
    case .list(let values): "[\(items(values))]"
    case .dictionary(let pairs): "{\(pairs.map { "\($0.key.text): \($0.value.text)" }.joined(separator: ", "))}"
    }
  }
}

extension PythonLiteral {
  private struct Parser {
    let text: [UInt8]
    var offset = 0

    func failure(_ expected: String) -> Failure { Failure(offset: offset, expected: expected) }

    private var next: UInt8? { offset < text.count ? text[offset] : nil }

    mutating func skipSpaces() { while let byte = next, byte == 0x20 || (0x09...0x0D).contains(byte) { offset += 1 } }

    private mutating func take(_ byte: UInt8) -> Bool {
      skipSpaces()
      guard next == byte else { return false }
      offset += 1
      return true
    }

    mutating func literal(depth: Int) throws(Failure) -> PythonLiteral {
      skipSpaces()
      guard depth < PythonLiteral.maximumDepth else { throw failure("fewer literals inside of each other") }
      switch next {
      case UInt8(ascii: "'"), UInt8(ascii: "\""): return .string(try string())
      case UInt8(ascii: "("): return try tuple(depth)
      case UInt8(ascii: "["):
        offset += 1
        return .list(try items(depth, end: UInt8(ascii: "]")).values)
      case UInt8(ascii: "{"): return .dictionary(try pairs(depth))
      case .some(UInt8(ascii: "0")...UInt8(ascii: "9")), UInt8(ascii: "-"): return .integer(try integer())
      default: return try word()
      }
    }

    private mutating func word() throws(Failure) -> PythonLiteral {
      for (word, value) in [("True", PythonLiteral.bool(true)), ("False", .bool(false)), ("None", .none)]
      where text[offset...].starts(with: word.utf8) {
        offset += word.utf8.count
        return value
      }
      throw failure("a literal")
    }

    private mutating func string() throws(Failure) -> String {
      let quote = text[offset], start = offset + 1
      offset = start
      while let byte = next, byte != quote {
        guard byte >= 0x20, byte < 0x7F, byte != UInt8(ascii: "\\") else {
          throw failure("a printable ASCII character")
        }
        offset += 1
      }
      guard next == quote else { throw failure("a quote") }
      defer { offset += 1 }
      return String(decoding: text[start..<offset], as: UTF8.self)
    }

    private mutating func integer() throws(Failure) -> Int {
      let start = offset
      if next == UInt8(ascii: "-") { offset += 1 }
      while let byte = next, (0x30...0x39).contains(byte) { offset += 1 }
      guard let number = Int(String(decoding: text[start..<offset], as: UTF8.self)) else {
        offset = start
        throw failure("an integer of 64 bits")
      }
      if next == UInt8(ascii: "L") { offset += 1 }
      return number
    }

    /// One literal in parentheses is itself, unless a comma follows it.
    private mutating func tuple(_ depth: Int) throws(Failure) -> PythonLiteral {
      offset += 1
      let (values, hasComma) = try items(depth, end: UInt8(ascii: ")"))
      return values.count == 1 && !hasComma ? values[0] : .tuple(values)
    }

    /// The items up to `end`, and whether a comma is among them.
    private mutating func items(
      _ depth: Int, end: UInt8
    ) throws(Failure) -> (values: [PythonLiteral], hasComma: Bool) {
      var values: [PythonLiteral] = [], hasComma = false
      while !take(end) {
        if !values.isEmpty {
          guard take(UInt8(ascii: ",")) else { throw failure("a comma or the end of the items") }
          hasComma = true
          if take(end) { break }
        }
        values.append(try literal(depth: depth + 1))
      }
      return (values, hasComma)
    }

    private mutating func pairs(_ depth: Int) throws(Failure) -> [(key: PythonLiteral, value: PythonLiteral)] {
      offset += 1
      var pairs: [(key: PythonLiteral, value: PythonLiteral)] = []
      let end = UInt8(ascii: "}")
      while !take(end) {
        if !pairs.isEmpty {
          guard take(UInt8(ascii: ",")) else { throw failure("a comma or the end of the pairs") }
          if take(end) { break }
        }
        let key = try literal(depth: depth + 1)
        guard take(UInt8(ascii: ":")) else { throw failure("a colon") }
        pairs.append((key, try literal(depth: depth + 1)))
      }
      return pairs
    }
  }
}
