/// The head of an answer, after all redirects.
public struct HTTPResponse: Sendable {
  /// The status of the last answer, such as 206 for a range.
  public let status: Int
  /// The address that answered last; its server may be another than the one that was asked.
  public let address: String
  /// Names in lower case; of several fields of one name the last.
  public let fields: [String: String]

  /// The tag that changes with the content; weak ones say too little.
  public var entityTag: String? { fields["etag"].flatMap { $0.hasPrefix("W/") ? nil : $0 } }

  /// When the content was changed last, in the server's words.
  public var lastModified: String? { fields["last-modified"] }

  /// The first and last offset of `Content-Range: bytes 0-99/1234`, nil for `*`, and the size of the whole, nil for `*`.
  var contentRange: (range: ClosedRange<Int>?, total: Int?)? {
    guard let field = fields["content-range"], field.hasPrefix("bytes ") else { return nil }
    let parts = field.dropFirst(6).split(separator: "/", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    let total = Self.number(parts[1])
    guard total != nil || parts[1] == "*" else { return nil }
    if parts[0] == "*" { return (nil, total) }
    let ends = parts[0].split(separator: "-", maxSplits: 1)
    guard ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]), first <= last else {
      return nil
    }
    return (first...last, total)
  }

  var contentLength: Int? { fields["content-length"].flatMap { Self.number($0[...]) } }

  static func number(_ text: Substring) -> Int? {
    let text = text.drop { $0 == " " }
    guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      return nil
    }
    return Int(text)
  }
}
