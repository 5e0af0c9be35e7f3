// The lexical rules of Jinja 2 (`jinja2/lexer.py`), as far as blocks depend on them:
//
//   {{ … }}  an expression      {% … %}  a tag      {# … #}  a comment      {% raw %} … {% endraw %}  text
//
//   Each end may have a - or + for white space. Within brackets an end is not one: {{ {"a": {}} }}. Strings have
//   either quote and backslashes.

/// Splits a template into tags. Nothing is rendered.
struct ChatTemplateScanner {
  /// A tag or an expression.
  struct Tag {
    /// The first word of a tag; nil for an expression.
    var name: String?
    /// The words and signs after the name.
    var partCount = 0
    /// Whether there is an `=` or an `in` outside all brackets.
    var assigns = false, hasIn = false
    let line: Int
  }

  private let bytes: [UInt8]
  private var index = 0
  private var line = 1

  init(_ text: String) { bytes = Array(text.utf8) }

  /// Returns the next tag or expression; nil at the end of the template.
  mutating func next() throws(ChatTemplateError) -> Tag? {
    while index + 1 < bytes.count {
      guard bytes[index] == UInt8(ascii: "{") else {
        advance(1)
        continue
      }
      switch bytes[index + 1] {
      case UInt8(ascii: "#"): try skipComment()
      case UInt8(ascii: "{"): return try tag(opening: "{{", closing: "}}")
      case UInt8(ascii: "%"):
        if isRawTag(named: "raw", at: index) {
          try skipRaw()
        } else {
          return try tag(opening: "{%", closing: "%}")
        }
      default: advance(1)
      }
    }
    return nil
  }

  private mutating func advance(_ count: Int) {
    for byte in bytes[index..<min(bytes.count, index + count)] where byte == UInt8(ascii: "\n") { line += 1 }
    index = min(bytes.count, index + count)
  }

  private func begins(_ text: String, at position: Int) -> Bool { bytes[position...].starts(with: text.utf8) }

  private func failure(_ reason: ChatTemplateError.Reason, _ line: Int) -> ChatTemplateError {
    ChatTemplateError(reason: reason, line: line)
  }

  private mutating func skipComment() throws(ChatTemplateError) {
    let start = line
    advance(2)
    while index < bytes.count, !begins("#}", at: index) { advance(1) }
    guard index < bytes.count else { throw failure(.unterminated("{#"), start) }
    advance(2)
  }

  /// Whether `{%`, a sign, `name` and `%}` are at `position`, with white space between.
  private func isRawTag(named name: String, at position: Int) -> Bool {
    var place = position + 2
    func skipSpace() { while place < bytes.count, isSpace(bytes[place]) { place += 1 } }
    if place < bytes.count, isSign(bytes[place]) { place += 1 }
    skipSpace()
    guard begins(name, at: place) else { return false }
    place += name.utf8.count
    skipSpace()
    if place < bytes.count, isSign(bytes[place]) { place += 1 }
    return begins("%}", at: place)
  }

  private mutating func skipRaw() throws(ChatTemplateError) {
    let start = line
    advance(2)
    while index < bytes.count, !(begins("{%", at: index) && isRawTag(named: "endraw", at: index)) { advance(1) }
    guard index < bytes.count else { throw failure(.unclosed(tag: "raw"), start) }
    while index < bytes.count, !begins("%}", at: index) { advance(1) }
    advance(2)
  }

  /// Reads from `opening` to `closing`, which counts outside brackets and strings only.
  private mutating func tag(opening: String, closing: String) throws(ChatTemplateError) -> Tag {
    var tag = Tag(line: line)
    let isStatement = opening == "{%"
    var brackets: [UInt8] = []
    advance(2)
    if index < bytes.count, isSign(bytes[index]) { advance(1) }
    while index < bytes.count {
      let byte = bytes[index]
      if brackets.isEmpty, isEnd(closing) {
        if isSign(byte) { advance(1) }
        advance(2)
        guard isStatement ? tag.name != nil : tag.partCount > 0 else {
          throw failure(.empty(isStatement ? "{% %}" : "{{ }}"), tag.line)
        }
        return tag
      }
      if isSpace(byte) {
        advance(1)
        continue
      }
      if isWord(byte) {
        let word = readWord()
        if isStatement, tag.name == nil {
          tag.name = word
          continue
        }
        if brackets.isEmpty, word == "in" { tag.hasIn = true }
      } else {
        try readSign(byte, &tag, &brackets)
        guard !isStatement || tag.name != nil else { throw failure(.empty("{% %}"), tag.line) }
      }
      tag.partCount += 1
    }
    throw failure(.unterminated(opening), tag.line)
  }

  private mutating func readWord() -> String {
    let start = index
    while index < bytes.count, isWord(bytes[index]) { index += 1 }
    return String(decoding: bytes[start..<index], as: UTF8.self)
  }

  private mutating func readSign(
    _ byte: UInt8, _ tag: inout Tag, _ brackets: inout [UInt8]
  ) throws(ChatTemplateError) {
    switch byte {
    case UInt8(ascii: "'"), UInt8(ascii: "\""): return try skipString(byte)
    case UInt8(ascii: "("): brackets.append(UInt8(ascii: ")"))
    case UInt8(ascii: "["): brackets.append(UInt8(ascii: "]"))
    case UInt8(ascii: "{"): brackets.append(UInt8(ascii: "}"))
    case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
      guard brackets.popLast() == byte else {
        throw failure(.bracket(Character(Unicode.Scalar(byte)).description), line)
      }
    case UInt8(ascii: "="), UInt8(ascii: "!"), UInt8(ascii: "<"), UInt8(ascii: ">"):
      let isComparison = index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "=")
      if isComparison { return advance(2) }
      if byte == UInt8(ascii: "!") { throw failure(.character("!"), line) }
      if byte == UInt8(ascii: "="), brackets.isEmpty { tag.assigns = true }
    case UInt8(ascii: "@"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "?"), UInt8(ascii: "\\"),
      UInt8(ascii: "`"), UInt8(ascii: "^"), UInt8(ascii: "#"), 0..<0x20, 0x7F:
      throw failure(.character(Character(Unicode.Scalar(byte)).description), line)
    default: break
    }
    advance(1)
  }

  private mutating func skipString(_ quote: UInt8) throws(ChatTemplateError) {
    let start = line
    advance(1)
    while index < bytes.count, bytes[index] != quote { advance(bytes[index] == UInt8(ascii: "\\") ? 2 : 1) }
    guard index < bytes.count else { throw failure(.character("a quote without its second"), start) }
    advance(1)
  }

  /// Whether `closing` is here, after a sign or without one.
  private func isEnd(_ closing: String) -> Bool {
    if begins(closing, at: index) { return true }
    let sign = bytes[index]
    // An expression may end with -}}, a tag with -%} or +%}.
    guard sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") && closing == "%}" else { return false }
    return begins(closing, at: index + 1)
  }

  private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
  private func isSign(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") }

  /// Whether a byte is part of a name or number; those beyond ASCII are letters of names.
  private func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
      true
    default: false
    }
  }
}
