extension JSON.Parser {
  /// The string whose opening quote is at the position.
  mutating func string() throws(JSONError) -> String {
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
    if let byte = Self.character(escapedBy: code) {
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

  /// The character of an escape with one letter.
  private static func character(escapedBy code: UInt8) -> UInt8? {
    switch code {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): code
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0C
    case UInt8(ascii: "n"): 0x0A
    case UInt8(ascii: "r"): 0x0D
    case UInt8(ascii: "t"): 0x09
    default: nil
    }
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
