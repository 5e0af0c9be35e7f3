/// A pattern for names: `*` matches any characters, `?` one, everything else itself.
public struct Glob: Hashable, Sendable {
  /// The pattern as it was written.
  public let text: String
  private let scalars: [Unicode.Scalar]

  /// The pattern `text`; every text is one.
  public init(_ text: String) {
    self.text = text
    scalars = Array(text.unicodeScalars)
  }

  /// Whether the pattern matches the whole of `name`.
  ///
  /// - Complexity: O(pattern × name) at worst: on a mismatch only the last `*` takes one character more.
  public func matches(_ name: String) -> Bool {
    let name = Array(name.unicodeScalars)
    var position = 0, pattern = 0
    var retry: (position: Int, pattern: Int)?
    while position < name.count {
      if pattern < scalars.count, scalars[pattern] == "*" {
        pattern += 1
        retry = (position, pattern)
      } else if pattern < scalars.count, scalars[pattern] == "?" || scalars[pattern] == name[position] {
        pattern += 1
        position += 1
      } else if let last = retry {
        retry = (last.position + 1, last.pattern)
        (position, pattern) = (last.position + 1, last.pattern)
      } else {
        return false
      }
    }
    return scalars[pattern...].allSatisfy { $0 == "*" }
  }
}
