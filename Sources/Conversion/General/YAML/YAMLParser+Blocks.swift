import Bytes

extension YAMLParser {
  /// The nodes that may begin at a position.
  enum Placement {
    /// First on its line, or after a dash: everything.
    case ownLine
    /// After `key:`, where neither mapping nor sequence may begin.
    case behindKey
  }

  /// The node at the position, which is at a column greater than that of its `parent`, or at the parent's for a dash.
  mutating func node(parent: Int, placement: Placement) throws(YAMLError) -> YAML {
    let start = position
    let indent = column
    if placement == .ownLine, current == "-", Self.isBlank(next) {
      return try nested { parser throws(YAMLError) in try parser.sequence(indent: indent) }
    }
    let value: YAML
    switch current {
    case "[", "{": value = try nested { parser throws(YAMLError) in try parser.flow() }
    case "|", ">": return try .string(blockScalar(parent: parent))
    case "'", "\"": value = try .string(quoted())
    default: value = try .init(scalarText: plain(parent: parent, isFlow: false), failure)
    }
    let end = position
    skipSpaces()
    guard current == ":", Self.isBlank(next) else {
      position = end
      return value
    }
    guard placement == .ownLine else { throw failure }
    position = start
    return try nested { parser throws(YAMLError) in try parser.mapping(indent: indent) }
  }

  /// The entries that begin at column `indent`.
  private mutating func mapping(indent: Int) throws(YAMLError) -> YAML {
    var entries = YAML.Mapping()
    repeat {
      let start = position
      let isText = current == "'" || current == "\""
      let key = try isText ? quoted() : plain(parent: indent, isFlow: false)
      guard position - start <= Self.maximumKeyLength, !text[start..<position].contains("\n") else { throw failure }
      skipSpaces()
      guard current == ":", Self.isBlank(next), key != "<<" || isText, key != "=" || isText else { throw failure }
      position += 1
      let value = try entryValue(indent: indent)
      // A key that is not a string, such as `on`, cannot be requested.
      if isText || YAML(plain: key).string != nil { entries[ExactString(key)] = value }
      try skipToToken()
      guard column <= indent || current == nil else { throw failure }
    } while current != nil && column == indent
    return .mapping(entries)
  }

  private mutating func entryValue(indent: Int) throws(YAMLError) -> YAML {
    guard skipToEndOfLine() else {
      let value = try node(parent: indent, placement: .behindKey)
      guard skipToEndOfLine() else { throw failure }
      return value
    }
    try skipToToken()
    let isDash = current == "-" && Self.isBlank(next)
    guard current != nil, column > indent || column == indent && isDash else { return .null }
    return try node(parent: indent, placement: .ownLine)
  }

  /// The entries whose dashes are at column `indent`.
  private mutating func sequence(indent: Int) throws(YAMLError) -> YAML {
    var elements: [YAML] = []
    repeat {
      position += 1
      if skipToEndOfLine() {
        try skipToToken()
        elements.append(current != nil && column > indent ? try node(parent: indent, placement: .ownLine) : .null)
      } else {
        elements.append(try node(parent: indent, placement: .ownLine))
      }
      guard skipToEndOfLine() || column <= indent else { throw failure }
      try skipToToken()
      guard column <= indent || current == nil else { throw failure }
    } while current == "-" && Self.isBlank(next) && column == indent
    return .sequence(elements)
  }
}

extension YAML {
  /// The value of a plain scalar, where `=` and `<<` are refused: they are no text to PyYAML.
  init(scalarText text: String, _ failure: @autoclosure () -> YAMLError) throws(YAMLError) {
    guard text != "=", text != "<<" else { throw failure() }
    self.init(plain: text)
  }
}
