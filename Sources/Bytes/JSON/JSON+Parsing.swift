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

  fileprivate struct Parser {
    let bytes: [UInt8]
    var position = 0
    var depth = 0

    init(_ bytes: [UInt8]) {
      self.bytes = bytes
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
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
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
        guard object.updateValue(value, forKey: key) == nil else {
          throw JSONError(offset: keyPosition, reason: .duplicateKey(key.text))
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

    mutating func number() throws(JSONError) -> Number {
      let start = position
      func isDigit(_ index: Int) -> Bool { index < bytes.count && bytes[index] >= 0x30 && bytes[index] <= 0x39 }
      func has(_ index: Int, _ characters: UInt8...) -> Bool {
        index < bytes.count && characters.contains(bytes[index])
      }
      if bytes[position] == UInt8(ascii: "-") { position += 1 }
      guard isDigit(position) else { throw failure(.invalidNumber) }
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

extension JSON.Parser {
  /// The string whose opening quote is at the position.
  fileprivate mutating func string() throws(JSONError) -> String {
    position += 1
    let start = position
    // Most strings have no escape: they are one slice.
    while position < bytes.count, bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\") {
      guard bytes[position] >= 0x20 else { throw failure(.controlCharacter) }
      position += 1
    }
    guard position < bytes.count else { throw failure(.endsEarly) }
    if bytes[position] == UInt8(ascii: "\"") {
      position += 1
      return try text(bytes[start..<position - 1], at: start)
    }
    var content = Array(bytes[start..<position])
    while true {
      guard position < bytes.count else { throw failure(.endsEarly) }
      switch bytes[position] {
      case UInt8(ascii: "\""):
        position += 1
        return try text(content[...], at: start)
      case UInt8(ascii: "\\"):
        try escape(into: &content)
      case let byte:
        guard byte >= 0x20 else { throw failure(.controlCharacter) }
        content.append(byte)
        position += 1
      }
    }
  }

  private func text(_ content: ArraySlice<UInt8>, at start: Int) throws(JSONError) -> String {
    guard let text = String(validating: content, as: UTF8.self) else {
      throw JSONError(offset: start, reason: .invalidUTF8)
    }
    return text
  }

  private mutating func escape(into content: inout [UInt8]) throws(JSONError) {
    guard position + 1 < bytes.count else { throw failure(.endsEarly) }
    let code = bytes[position + 1]
    let simple: [UInt8: UInt8] = [
      UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F, UInt8(ascii: "b"): 0x08,
      UInt8(ascii: "f"): 0x0C, UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
    ]
    if let byte = simple[code] {
      content.append(byte)
      position += 2
      return
    }
    guard code == UInt8(ascii: "u") else { throw failure(.invalidEscape) }
    var value = try hexadecimal()
    if value & 0xFC00 == 0xD800 {
      guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
      else { throw failure(.invalidEscape) }
      let low = try hexadecimal()
      guard low & 0xFC00 == 0xDC00 else { throw failure(.invalidEscape) }
      value = 0x10000 + (value & 0x3FF) << 10 + low & 0x3FF
    }
    guard let scalar = Unicode.Scalar(value) else { throw failure(.invalidEscape) }
    content.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
  }

  /// The four digits of `\uXXXX` at the position, which moves after them.
  private mutating func hexadecimal() throws(JSONError) -> UInt32 {
    guard position + 6 <= bytes.count else { throw failure(.endsEarly) }
    var value: UInt32 = 0
    for index in position + 2..<position + 6 {
      guard let digit = Character(Unicode.Scalar(bytes[index])).hexDigitValue, bytes[index] < 0x80 else {
        throw failure(.invalidEscape)
      }
      value = value << 4 | UInt32(digit)
    }
    position += 6
    return value
  }
}
