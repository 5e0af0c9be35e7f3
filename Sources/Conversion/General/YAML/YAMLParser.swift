import Bytes

// document = mapping or other node, then nothing but comments
// node     = mapping | sequence | "[" flow "]" | "{" flow "}" | "|" literal | ">" folded | 'quoted' | "quoted" | plain
// mapping  = { key ":" [ value ] }      keys at one column; the value is on the line, or deeper on those below
// sequence = { "-" [ node ] }           dashes at one column, which under a key may be the key's own
//
// Not read, since no model card needs them: anchors, aliases, tags, directives, several documents, keys that are not
// scalars or longer than a line, "?" and "<<".

/// Reads the part of YAML that the front matter of model cards uses, to the values PyYAML's `safe_load` gives.
///
/// Unsupported syntax ends the reading with its line number.
struct YAMLParser {
  /// Nodes may nest this deep; a model card needs four levels.
  static let maximumDepth = 32
  /// A key may be this long, as in PyYAML.
  static let maximumKeyLength = 1024

  let text: [Unicode.Scalar]
  var position = 0
  var depth = 0

  /// The value of `text`, whose lines end with a newline each and have no tabs.
  static func value(_ text: String) throws(YAMLError) -> YAML {
    var parser = YAMLParser(text: Array(text.unicodeScalars))
    for (index, scalar) in parser.text.enumerated() where !isPrintable(scalar) {
      parser.position = index
      throw parser.failure
    }
    try parser.skipToToken()
    let value = parser.current == nil ? .null : try parser.node(parent: -1, placement: .ownLine)
    try parser.skipToToken()
    guard parser.current == nil else { throw parser.failure }
    return value
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0A, 0x20...0x7E, 0xA0...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...: true
    default: false
    }
  }

  init(text: [Unicode.Scalar]) { self.text = text }

  /// What is not understood is at the position.
  var failure: YAMLError { YAMLError(line: 1 + text[..<min(position, text.count)].count { $0 == "\n" }) }

  /// The scalar at the position; nil at the end.
  var current: Unicode.Scalar? { scalar(at: position) }
  var next: Unicode.Scalar? { scalar(at: position + 1) }

  func scalar(at index: Int) -> Unicode.Scalar? { text.indices.contains(index) ? text[index] : nil }

  /// The count of scalars before the position on its line.
  var column: Int {
    var start = min(position, text.count)
    while start > 0, text[start - 1] != "\n" { start -= 1 }
    return position - start
  }

  static func isBlank(_ scalar: Unicode.Scalar?) -> Bool { scalar == nil || scalar == " " || scalar == "\n" }

  mutating func skipSpaces() {
    while current == " " { position += 1 }
  }

  /// Moves over spaces and a comment; true if the line ends there.
  mutating func skipToEndOfLine() -> Bool {
    skipSpaces()
    if current == "#" {
      while let scalar = current, scalar != "\n" { position += 1 }
    }
    return current == nil || current == "\n"
  }

  /// Moves to the next scalar that is neither space nor comment; refuses marks between documents.
  mutating func skipToToken() throws(YAMLError) {
    while skipToEndOfLine(), current != nil { position += 1 }
    if isDocumentMark { throw failure }
  }

  /// Whether a line begins here with `---` or `...`, or with the `%` of a directive.
  var isDocumentMark: Bool {
    guard position == 0 || scalar(at: position - 1) == "\n", let mark = current else { return false }
    return mark == "%"
      || (mark == "-" || mark == ".") && next == mark && scalar(at: position + 2) == mark
        && Self.isBlank(scalar(at: position + 3))
  }

  /// Runs `body` one level deeper.
  mutating func nested<T>(_ body: (inout Self) throws(YAMLError) -> T) throws(YAMLError) -> T {
    guard depth < Self.maximumDepth else { throw failure }
    depth += 1
    defer { depth -= 1 }
    return try body(&self)
  }
}
