// value  = object | array | string | number | "true" | "false" | "null"     (RFC 8259, strictly)
// object = "{" [ string ":" value { "," string ":" value } ] "}"            keys unique by bytes
// array  = "[" [ value { "," value } ] "]"
// number = [ "-" ] ( "0" | digit1-9 { digit } ) [ "." digit+ ] [ ( "e" | "E" ) [ "+" | "-" ] digit+ ]

extension JSON {
  /// Values may nest this deep; deeper text is refused rather than recursed into.
  public static let maximumDepth = 64

  /// Reads one JSON value that fills `bytes`.
  ///
  /// - Throws: `JSONError` for anything RFC 8259 does not allow, for a key that occurs twice in one object, and for
  ///   nesting deeper than `maximumDepth`.
  public init(parsing bytes: [UInt8]) throws(JSONError) {
    var parser = Parser(bytes)
    self = try parser.document()
  }

  /// Reads one value as Python's `json` does, for files that people and Python programs write.
  ///
  /// Beyond RFC 8259 that is a byte-order mark, the numbers `NaN` and `Infinity`, and a key that occurs twice in one
  /// object, of which the last value counts.
  ///
  /// - Returns: the value and what of it is not JSON, each kind once.
  /// - Throws: `JSONError` for anything else.
  public static func parsingAsPython(
    _ bytes: [UInt8]
  ) throws(JSONError) -> (value: JSON, exceptions: [JSONException]) {
    var parser = Parser(bytes, dialect: .python)
    try parser.skipByteOrderMark()
    return (try parser.document(), parser.exceptions)
  }

  /// Reads the members of one object that fills its bytes, holding one value at a time.
  ///
  /// For objects that are too large to hold as a tree. The caller refuses keys that occur twice at the top; within
  /// a member's value they are refused as in `init(parsing:)`.
  public struct MemberReader {
    /// The byte range of the last member, from the quote of its key to the end of its value.
    public private(set) var range = 0..<0
    private var parser: Parser
    private var isInside = false
    private var isDone = false

    /// Creates a reader before the object's opening brace.
    public init(_ bytes: [UInt8]) {
      parser = Parser(bytes)
    }

    /// Returns the next member, or nil after the last, when nothing but white space follows the object.
    public mutating func next() throws(JSONError) -> (key: ExactString, value: JSON)? {
      if !isInside {
        isInside = true
        try parser.take(UInt8(ascii: "{"), "\"{\"")
        parser.depth = 1
        if try parser.peek() == UInt8(ascii: "}") {
          parser.position += 1
          isDone = true
        }
      }
      guard !isDone else {
        parser.skipSpace()
        guard parser.position == parser.bytes.count else { throw parser.failure(.trailingBytes) }
        return nil
      }
      _ = try parser.peek()
      let start = parser.position
      let member = try parser.member()
      range = start..<parser.position
      isDone = try parser.endOfList(UInt8(ascii: "}"))
      return member
    }
  }

  struct Parser {
    enum Dialect {
      case strict, python
    }

    let bytes: [UInt8]
    let dialect: Dialect
    var position = 0
    var depth = 0
    /// What the Python dialect allowed.
    private(set) var exceptions: [JSONException] = []

    init(_ bytes: [UInt8], dialect: Dialect = .strict) {
      self.bytes = bytes
      self.dialect = dialect
    }

    /// Skips the byte-order mark that some editors write before UTF-8.
    mutating func skipByteOrderMark() throws(JSONError) {
      if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { throw failure(.utf16) }
      guard bytes.starts(with: [0xEF, 0xBB, 0xBF]) else { return }
      position = 3
      exceptions.append(.byteOrderMark)
    }

    private mutating func note(_ exception: JSONException) {
      if !exceptions.contains(where: { $0.isSameKind(as: exception) }) { exceptions.append(exception) }
    }

    mutating func document() throws(JSONError) -> JSON {
      let value = try value()
      skipSpace()
      guard position == bytes.count else { throw failure(.trailingBytes) }
      return value
    }

    func failure(_ reason: JSONError.Reason) -> JSONError { JSONError(offset: position, reason: reason) }

    mutating func skipSpace() {
      while position < bytes.count {
        switch bytes[position] {
        case 0x20, 0x0A, 0x0D, 0x09: position += 1
        default: return
        }
      }
    }

    /// The next byte that is not white space, not consumed.
    mutating func peek() throws(JSONError) -> UInt8 {
      skipSpace()
      guard position < bytes.count else { throw failure(.endsEarly) }
      return bytes[position]
    }

    mutating func value() throws(JSONError) -> JSON {
      switch try peek() {
      case UInt8(ascii: "{"): return .object(try nested { parser throws(JSONError) in try parser.members() })
      case UInt8(ascii: "["): return .array(try nested { parser throws(JSONError) in try parser.elements() })
      case UInt8(ascii: "\""): return .string(try string())
      case UInt8(ascii: "t"): try word("true"); return .bool(true)
      case UInt8(ascii: "f"): try word("false"); return .bool(false)
      case UInt8(ascii: "n"): try word("null"); return .null
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "N"), UInt8(ascii: "I"):
        if let number = nonFiniteNumber() { return .number(number) }
        return .number(try number())
      case let byte: throw failure(.expected("a value", found: Self.display(byte)))
      }
    }

    mutating func nested<T>(_ body: (inout Self) throws(JSONError) -> T) throws(JSONError) -> T {
      guard depth < JSON.maximumDepth else { throw failure(.tooDeep(limit: JSON.maximumDepth)) }
      depth += 1
      position += 1
      let value = try body(&self)
      depth -= 1
      return value
    }

    mutating func members() throws(JSONError) -> Object {
      var object = Object()
      if try peek() == UInt8(ascii: "}") { position += 1; return object }
      while true {
        skipSpace()
        let keyPosition = position
        let (key, value) = try member()
        if object.updateValue(value, forKey: key) != nil {
          guard dialect == .python else { throw JSONError(offset: keyPosition, reason: .duplicateKey(key.text)) }
          note(.duplicateKey(key.text))
        }
        if try endOfList(UInt8(ascii: "}")) { return object }
      }
    }

    mutating func member() throws(JSONError) -> (key: ExactString, value: JSON) {
      guard try peek() == UInt8(ascii: "\"") else {
        throw failure(.expected("a key", found: Self.display(bytes[position])))
      }
      let key = ExactString(try string())
      try take(UInt8(ascii: ":"), "\":\"")
      return (key, try value())
    }

    mutating func elements() throws(JSONError) -> [JSON] {
      var array: [JSON] = []
      if try peek() == UInt8(ascii: "]") { position += 1; return array }
      while true {
        array.append(try value())
        if try endOfList(UInt8(ascii: "]")) { return array }
      }
    }

    mutating func endOfList(_ close: UInt8) throws(JSONError) -> Bool {
      let byte = try peek()
      guard byte == close || byte == UInt8(ascii: ",") else {
        throw failure(.expected("\",\" or \"\(Character(Unicode.Scalar(close)))\"", found: Self.display(byte)))
      }
      position += 1
      return byte == close
    }

    mutating func take(_ byte: UInt8, _ name: String) throws(JSONError) {
      let found = try peek()
      guard found == byte else { throw failure(.expected(name, found: Self.display(found))) }
      position += 1
    }

    mutating func word(_ word: StaticString) throws(JSONError) {
      let count = word.utf8CodeUnitCount
      let matches =
        position + count <= bytes.count
        && bytes[position..<position + count].elementsEqual("\(word)".utf8)
      guard matches else { throw failure(.expected("a value", found: Self.display(bytes[position]))) }
      position += count
    }

    /// Python's spelling of a number that is not finite.
    private mutating func nonFiniteNumber() -> Number? {
      guard dialect == .python, !(0x30...0x39).contains(bytes[position]) else { return nil }
      let rest = bytes[position...]
      guard let spelling = ["NaN", "Infinity", "-Infinity"].first(where: { rest.starts(with: $0.utf8) }) else {
        return nil
      }
      position += spelling.utf8.count
      note(.nonFiniteNumber(spelling))
      return Number(spelling: spelling)
    }

    mutating func number() throws(JSONError) -> Number {
      let start = position
      func isDigit(_ index: Int) -> Bool { index < bytes.count && bytes[index] >= 0x30 && bytes[index] <= 0x39 }
      func has(_ index: Int, _ characters: UInt8...) -> Bool {
        index < bytes.count && characters.contains(bytes[index])
      }
      if bytes[position] == UInt8(ascii: "-") { position += 1 }
      guard isDigit(position) else {
        // "N" and "I" begin no number.
        guard position > start else { throw failure(.expected("a value", found: Self.display(bytes[position]))) }
        throw failure(.invalidNumber)
      }
      if bytes[position] == UInt8(ascii: "0") { position += 1 } else { while isDigit(position) { position += 1 } }
      if isDigit(position) { throw failure(.invalidNumber) }
      if has(position, UInt8(ascii: ".")) {
        position += 1
        guard isDigit(position) else { throw failure(.invalidNumber) }
        while isDigit(position) { position += 1 }
      }
      if has(position, UInt8(ascii: "e"), UInt8(ascii: "E")) {
        position += 1
        if has(position, UInt8(ascii: "+"), UInt8(ascii: "-")) { position += 1 }
        guard isDigit(position) else { throw failure(.invalidNumber) }
        while isDigit(position) { position += 1 }
      }
      return Number(spelling: String(decoding: bytes[start..<position], as: UTF8.self))
    }

    static func display(_ byte: UInt8) -> String {
      byte >= 0x20 && byte < 0x7F ? "\"\(Character(Unicode.Scalar(byte)))\"" : "byte 0x\(String(byte, radix: 16))"
    }
  }
}
