/// One answer while it arrives: its head, and the bytes that go into the caller's buffer.
package final class Transfer {
  /// Where the bytes go; those beyond its end are refused.
  private let buffer: UnsafeMutableRawBufferPointer
  /// The offset in the file of the buffer's first byte, if a range was asked for.
  private let offset: Int?
  /// What was said of the file before, if anything was.
  private let identity: HTTPIdentity?
  /// Bytes that were written into the buffer.
  package private(set) var byteCount = 0
  /// Bytes of this transfer's body, kept or not.
  private(set) var receivedByteCount = 0
  private(set) var status = 0
  private(set) var fields: [String: String] = [:]
  /// What was wrong with the answer, found before libcurl was told to stop.
  private(set) var fault: HTTPFault?
  /// Whether the whole file was sent where a range was asked for, and the rest of it is not wanted.
  private(set) var isCutOff = false
  /// The start of the body of an answer without content.
  private var reason: [UInt8] = []
  private var hasBody = false

  /// Header fields and their bytes, and bytes of a reason, that are kept.
  private static let fieldLimit = 200, reasonLimit = 2000

  package init(into buffer: UnsafeMutableRawBufferPointer, from offset: Int?, of identity: HTTPIdentity?) {
    self.buffer = buffer
    self.offset = offset
    self.identity = identity
  }

  package func response(from address: String) -> HTTPResponse {
    HTTPResponse(status: status, address: address, fields: fields)
  }

  /// Takes a line of the head; a status line begins a new head, after a redirect for instance.
  package func receive(head line: UnsafeRawBufferPointer) -> Int {
    let text = String(decoding: line, as: UTF8.self)
    if text.hasPrefix("HTTP/") {
      let parts = text.split(separator: " ")
      status = parts.count > 1 ? HTTPResponse.number(parts[1].prefix { $0.isNumber }) ?? 0 : 0
      fields = [:]
    } else if let colon = text.firstIndex(of: ":"), fields.count < Self.fieldLimit {
      fields[text[..<colon].lowercased()] = Self.trimmed(text[text.index(after: colon)...])
    }
    return line.count
  }

  /// Takes bytes of the body; a count other than that of the bytes ends the transfer.
  package func receive(body bytes: UnsafeRawBufferPointer) -> Int {
    receivedByteCount += bytes.count
    guard (200..<300).contains(status) else {
      // Kept for its message, as far as it is short.
      reason += bytes.prefix(max(0, Self.reasonLimit - reason.count))
      return bytes.count
    }
    if !hasBody {
      hasBody = true
      fault = headFault
      guard fault == nil else { return 0 }
    }
    let room = buffer.count - byteCount
    let taken = min(bytes.count, room)
    if taken > 0 {
      UnsafeMutableRawBufferPointer(rebasing: buffer[byteCount..<byteCount + taken])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<taken]))
      byteCount += taken
    }
    guard taken < bytes.count else { return bytes.count }
    if status == 200, offset != nil {
      isCutOff = true
    } else {
      fault = offset == nil ? .tooLarge(limit: buffer.count) : .invalid("more bytes than were asked for")
    }
    return 0
  }

  /// Whether the body that follows are the bytes that were asked for.
  private var headFault: HTTPFault? {
    guard let offset else { return nil }
    let response = response(from: "")
    if let identity, !identity.allows(response.identity) { return .changed }
    if status == 206 {
      guard let range = response.contentRange?.range else { return .invalid("a range without its place") }
      return range.lowerBound == offset ? nil : .invalid("bytes from \(range.lowerBound) instead of \(offset)")
    }
    // The whole file: its start is what was asked for, what comes later is not worth waiting for.
    return offset == 0 ? nil : .noRanges(byteCount: response.contentLength)
  }

  /// Whether the answer is that the range begins at or after the end of the file, with the file's size.
  package var isBeyondEnd: Bool {
    guard status == 416, let offset, let total = response(from: "").contentRange?.total else { return false }
    return offset >= total
  }

  /// The server's own words about a status without content: what the hub puts into a field, or a short text.
  package var reasonText: String? {
    if let field = fields["x-error-message"] { return Self.shortened(field) }
    guard fields["content-type"]?.hasPrefix("text/plain") == true else { return nil }
    return Self.shortened(String(decoding: reason, as: UTF8.self))
  }

  private static func shortened(_ text: String) -> String? {
    let line = trimmed(text.split(whereSeparator: \.isNewline).first ?? "")
    guard !line.isEmpty, line.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f }) else { return nil }
    return line.count > 120 ? line.prefix(120) + "…" : line
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text.drop(while: \.isWhitespace)
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }

  private static func trimmed(_ text: String) -> String { trimmed(text[...]) }
}
