/// An error of parsing JSON.
public struct JSONError: IngotError {
  public enum Reason: Sendable, Equatable {
    case expected(String, found: String)
    case endsEarly
    case trailingBytes
    case tooDeep(limit: Int)
    case duplicateKey(String)
    case invalidNumber
    case invalidEscape
    case invalidUTF8
    case controlCharacter
    case utf16
  }

  /// The offset of the first byte that does not fit.
  public let offset: Int
  public let reason: Reason

  public var category: ErrorCategory { .input }

  public var description: String {
    let location = "JSON at byte \(offset.grouped): "
    return switch reason {
    case .expected(let expected, let found): location + "expected \(expected), found \(found)"
    case .endsEarly: location + "ends before the value is complete"
    case .trailingBytes: location + "text follows the value"
    case .tooDeep(let limit): location + "nested deeper than \(limit) levels"
    case .duplicateKey(let key): location + "key \(key.quoted) occurs twice"
    case .invalidNumber: location + "not a valid number"
    case .invalidEscape: location + "not a valid escape in a string"
    case .invalidUTF8: location + "not valid UTF-8"
    case .controlCharacter: location + "unescaped control character in a string"
    case .utf16: location + "the text is UTF-16, expected UTF-8 (save the file as UTF-8)"
    }
  }
}

/// Something that Python's `json` reads and JSON does not allow.
public enum JSONException: Sendable, Hashable, CustomStringConvertible {
  case byteOrderMark
  case nonFiniteNumber(String)
  case duplicateKey(String)

  public var description: String {
    switch self {
    case .byteOrderMark: "begins with a byte-order mark, which was skipped"
    case .nonFiniteNumber(let spelling): "has the number \(spelling), which is not JSON; it was read as Python reads it"
    case .duplicateKey(let key): "key \(key.quoted) occurs twice in one object: the last value counts, as in Python"
    }
  }

  func isSameKind(as other: JSONException) -> Bool {
    switch (self, other) {
    case (.byteOrderMark, .byteOrderMark), (.nonFiniteNumber, .nonFiniteNumber), (.duplicateKey, .duplicateKey): true
    default: false
    }
  }
}
