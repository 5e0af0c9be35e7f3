/// Why bytes are not the JSON that was expected.
public struct JSONError: IngotError {
  /// What is wrong.
  public enum Fact: Sendable, Equatable {
    case expected(String, found: String)
    case endsEarly
    case trailingBytes
    case tooDeep(limit: Int)
    case duplicateKey(String)
    case invalidNumber
    case invalidEscape
    case invalidUTF8
    case controlCharacter
  }

  /// The offset of the byte at which it shows.
  public let offset: Int
  /// The fact itself.
  public let fact: Fact

  public var category: ErrorCategory { .input }

  public var description: String {
    let place = "JSON at byte \(offset.grouped): "
    return switch fact {
    case .expected(let expected, let found): place + "expected \(expected), found \(found)"
    case .endsEarly: place + "ends before the value is complete"
    case .trailingBytes: place + "text follows the value"
    case .tooDeep(let limit): place + "nested deeper than \(limit) levels"
    case .duplicateKey(let key): place + "key \(key.quoted) occurs twice"
    case .invalidNumber: place + "not a valid number"
    case .invalidEscape: place + "not a valid escape in a string"
    case .invalidUTF8: place + "not valid UTF-8"
    case .controlCharacter: place + "unescaped control character in a string"
    }
  }
}
