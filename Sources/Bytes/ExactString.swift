/// Text compared and ordered by its UTF-8 bytes.
///
/// `String` equality is canonical: two different tensor names or tokens may be "equal" and fall together in a
/// dictionary. Names and keys that come from files are therefore held in this type.
public struct ExactString: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
  /// The text as a Swift string.
  public let text: String

  /// Wraps `text`.
  public init(_ text: String) {
    self.text = text
  }

  public init(stringLiteral value: String) {
    text = value
  }

  public var description: String { text }

  public static func == (left: Self, right: Self) -> Bool {
    // The views' own comparison goes through an iterator of each.
    let (one, other) = (left.text.utf8Span.span, right.text.utf8Span.span)
    guard one.count == other.count else { return false }
    for index in one.indices where one[index] != other[index] { return false }
    return true
  }

  public static func < (left: Self, right: Self) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }

  public func hash(into hasher: inout Hasher) {
    var copy = text
    copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    hasher.combine(0xFF as UInt8)
  }
}
