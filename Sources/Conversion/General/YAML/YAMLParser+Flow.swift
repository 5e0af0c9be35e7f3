import Bytes

extension YAMLParser {
  /// The list or mapping in brackets at the position; line breaks between its parts do not matter.
  mutating func flow() throws(YAMLError) -> YAML {
    let isMapping = current == "{"
    let close: Unicode.Scalar = isMapping ? "}" : "]"
    var entries = YAML.Mapping()
    var elements: [YAML] = []
    position += 1
    try skipToToken()
    while current != close {
      let start = position
      let isText = current == "'" || current == "\""
      let first = try flowNode()
      let end = position
      try skipToToken()
      if current == ":", isText || Self.isBlank(next) || ",[]{}".unicodeScalars.contains(next ?? " ") {
        let key = try flowKey(first, from: start, to: end, isText: isText)
        position += 1
        try skipToToken()
        let value = current == "," || current == close ? .null : try flowNode()
        if isMapping { entries[key] = value } else { elements.append(.mapping([key: value])) }
      } else if isMapping {
        entries[try flowKey(first, from: start, to: end, isText: isText)] = .null
      } else {
        elements.append(first)
      }
      try skipToToken()
      if current == "," {
        position += 1
        try skipToToken()
      } else if current != close {
        throw failure
      }
    }
    position += 1
    return isMapping ? .mapping(entries) : .sequence(elements)
  }

  private mutating func flowNode() throws(YAMLError) -> YAML {
    switch current {
    case "[", "{": try nested { parser throws(YAMLError) in try parser.flow() }
    case "'", "\"": try .string(quoted())
    default: try .init(scalarText: plain(parent: -1, isFlow: true), failure)
    }
  }

  /// A key of a flow mapping: text on one line, as is the colon after it.
  private func flowKey(_ key: YAML, from start: Int, to end: Int, isText: Bool) throws(YAMLError) -> ExactString {
    guard end - start <= Self.maximumKeyLength, !text[start..<position].contains("\n") || current != ":",
      key.sequence == nil, key.mapping == nil
    else { throw failure }
    // A key that is not a string gets its spelling after a mark with which no requested key begins.
    return ExactString(key.string ?? "\u{0}" + text[start..<end].text)
  }
}
