// How YAML 1.1 determines the type of a scalar without quotes, as PyYAML's `resolver.py` does it.
extension YAML {
  /// The value of unquoted `text`.
  init(plain text: String) {
    let isPlainNumber = text.utf8.first.map { $0 < 0x3A && $0 >= 0x2B } ?? false
    switch text {
    case "", "~", "null", "Null", "NULL": self = .null
    case "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON": self = .bool(true)
    case "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF": self = .bool(false)
    case _ where isPlainNumber: self = Self.number(Array(text.utf8)) ?? .string(text)
    default: self = .string(text)
    }
  }

  private static func number(_ text: [UInt8]) -> YAML? {
    if isTimestamp(text) { return .other }
    let isNegative = text.first == UInt8(ascii: "-")
    let hasSign = isNegative || text.first == UInt8(ascii: "+")
    let body = hasSign ? text.dropFirst() : text[...]
    if let value = integer(body, isNegative: isNegative) { return value }
    // A real may have no sign when it begins with a point, except for infinity.
    if body.first == UInt8(ascii: ".") {
      switch String(decoding: body, as: UTF8.self) {
      case ".inf", ".Inf", ".INF": return .real(isNegative ? -.infinity : .infinity)
      case ".nan", ".NaN", ".NAN": return hasSign ? nil : .real(.nan)
      default: if hasSign { return nil }
      }
    }
    return real(body, isNegative: isNegative)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
  private static func isDigitOrLine(_ byte: UInt8) -> Bool { isDigit(byte) || byte == UInt8(ascii: "_") }

  /// Decimal, `0b`, `0x` and octal integers with underscores, and `1:30:00`.
  private static func integer(_ body: ArraySlice<UInt8>, isNegative: Bool) -> YAML? {
    guard let first = body.first, isDigit(first) else { return nil }
    let second = body.dropFirst().first
    var (digits, radix) = (body, 10)
    var allowed: ClosedRange<UInt8> = 0x30...0x39
    if first == 0x30, body.count > 1 {
      (digits, radix) = second == UInt8(ascii: "b") ? (body.dropFirst(2), 2) : (body.dropFirst(), 8)
      allowed = radix == 2 ? 0x30...0x31 : 0x30...0x37
      if second == UInt8(ascii: "x") { (digits, radix) = (body.dropFirst(2), 16) }
    }
    let hasOnlyDigits = digits.allSatisfy { byte in
      byte == UInt8(ascii: "_") || allowed.contains(byte)
        || radix == 16 && Character(Unicode.Scalar(byte)).hexDigitValue != nil && byte < 0x80
    }
    guard hasOnlyDigits, !digits.isEmpty else { return isSexagesimal(body, first: first) ? .other : nil }
    let spelled = String(decoding: digits.filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
    return Int((isNegative ? "-" : "") + spelled, radix: radix).map(YAML.integer) ?? .other
  }

  /// Whether the text is `[1-9][0-9_]*(:[0-5]?[0-9])+`.
  private static func isSexagesimal(_ body: ArraySlice<UInt8>, first: UInt8) -> Bool {
    let groups = body.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    return groups.count > 1 && first != 0x30 && groups[0].allSatisfy(isDigitOrLine)
      && groups.dropFirst().allSatisfy(isSixtieth)
  }

  private static func isSixtieth(_ group: ArraySlice<UInt8>) -> Bool {
    guard let first = group.first, group.count <= 2, group.allSatisfy(isDigit) else { return false }
    return group.count == 1 || first <= 0x35
  }

  /// `[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?`, the same without a whole part, and `1:30.5`.
  private static func real(_ body: ArraySlice<UInt8>, isNegative: Bool) -> YAML? {
    guard let point = body.firstIndex(of: UInt8(ascii: ".")) else { return nil }
    let whole = body[..<point]
    var fraction = body[(point + 1)...]
    var exponent: ArraySlice<UInt8> = []
    if let mark = fraction.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "e") }) {
      exponent = fraction[(mark + 1)...]
      fraction = fraction[..<mark]
      guard let sign = exponent.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), exponent.count > 1,
        exponent.dropFirst().allSatisfy(isDigit)
      else { return nil }
    }
    guard fraction.allSatisfy(isDigitOrLine) else { return nil }
    if whole.isEmpty {
      guard let first = fraction.first, isDigit(first) else { return nil }
    } else {
      guard let first = whole.first, isDigit(first) else { return nil }
      let groups = whole.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      guard groups[0].allSatisfy(isDigitOrLine) else { return nil }
      if groups.count > 1 { return exponent.isEmpty && groups.dropFirst().allSatisfy(isSixtieth) ? .other : nil }
    }
    let spelling = (whole + [UInt8(ascii: ".")] + fraction).filter { $0 != UInt8(ascii: "_") }
    let decimal = "0" + String(decoding: spelling, as: UTF8.self) + "0"
    let power = exponent.isEmpty ? "" : "e" + String(decoding: exponent, as: UTF8.self)
    return Double(decimal + power).map { .real(isNegative ? -$0 : $0) }
  }

  /// `YYYY-MM-DD`, or a date with a time of day after `T` or spaces.
  private static func isTimestamp(_ text: [UInt8]) -> Bool {
    var rest = text[...]
    func take(_ counts: ClosedRange<Int>) -> Int? {
      let count = rest.prefix(counts.upperBound).prefix(while: isDigit).count
      rest = rest.dropFirst(count)
      return counts.contains(count) ? count : nil
    }
    func take(_ byte: Character) -> Bool {
      guard let value = byte.asciiValue, rest.first == value else { return false }
      rest = rest.dropFirst()
      return true
    }
    guard take(4...4) != nil, take("-"), let months = take(1...2), take("-"), let days = take(1...2) else {
      return false
    }
    if rest.isEmpty { return months == 2 && days == 2 }
    if !take("T"), !take("t") {
      guard take(" ") else { return false }
      while take(" ") {}
    }
    guard take(1...2) != nil, take(":"), take(2...2) != nil, take(":"), take(2...2) != nil else { return false }
    if take(".") { rest = rest.drop(while: isDigit) }
    while take(" ") {}
    if rest.isEmpty { return text.last != 0x20 }
    if take("Z") { return rest.isEmpty }
    guard take("+") || take("-"), take(1...2) != nil else { return false }
    return rest.isEmpty || take(":") && take(2...2) != nil && rest.isEmpty
  }
}
