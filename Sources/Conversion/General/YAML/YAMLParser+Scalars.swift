extension YAMLParser {
  /// The scalar without quotes at the position, its lines joined by spaces.
  ///
  /// It goes on over lines deeper than column `parent` until `: `, ` #`, or in a flow one of `,?[]{}`.
  mutating func plain(parent: Int, isFlow: Bool) throws(YAMLError) -> String {
    guard canBeginPlain(isFlow: isFlow) else { throw failure }
    var content: [Unicode.Scalar] = []
    var gap: [Unicode.Scalar] = []
    while current != "#" {
      let start = position
      while !endsPlain(isFlow: isFlow) { position += 1 }
      guard position > start else { break }
      content += gap + text[start..<position]
      let end = position
      gap = plainGap()
      let isShallow = !isFlow && text[end..<position].contains("\n") && column <= parent
      if gap.isEmpty || current == nil || current == "#" || isShallow || isDocumentMark || endsPlain(isFlow: isFlow) {
        // The caller reads the skipped bytes: it counts columns and finds ends of lines.
        position = end
        break
      }
    }
    return content.text
  }

  private func canBeginPlain(isFlow: Bool) -> Bool {
    guard let current, !Self.isBlank(current) else { return false }
    switch current {
    case "-": return !Self.isBlank(next)
    case "?", ":": return !isFlow && !Self.isBlank(next)
    default: return !",[]{}#&*!|>'\"%@`".unicodeScalars.contains(current)
    }
  }

  private func endsPlain(isFlow: Bool) -> Bool {
    guard let current, !Self.isBlank(current) else { return true }
    if isFlow, ",?[]{}".unicodeScalars.contains(current) { return true }
    guard current == ":" else { return false }
    return Self.isBlank(next) || isFlow && next.map { ",[]{}".unicodeScalars.contains($0) } == true
  }

  /// Moves over the space after a word: itself on one line, one space for a line break, `n` newlines for `n + 1`.
  private mutating func plainGap() -> [Unicode.Scalar] {
    let start = position
    skipSpaces()
    guard current == "\n" else { return Array(text[start..<position]) }
    return foldedBreaks()
  }

  /// Moves over line breaks and the spaces around them, and returns the result of folding them.
  private mutating func foldedBreaks() -> [Unicode.Scalar] {
    var breakCount = 0
    while current == " " || current == "\n" {
      if current == "\n" { breakCount += 1 }
      position += 1
      if isDocumentMark { break }
    }
    return breakCount == 1 ? [" "] : Array(repeating: "\n", count: breakCount - 1)
  }

  /// The scalar in quotes at the position.
  mutating func quoted() throws(YAMLError) -> String {
    let quote = current
    var content: [Unicode.Scalar] = []
    position += 1
    while let scalar = current {
      switch scalar {
      case quote where quote == "'" && next == "'":
        content.append("'")
        position += 2
      case quote:
        position += 1
        return content.text
      case "\\" where quote == "\"":
        try escape(into: &content)
      case " ", "\n":
        content += plainGap()
        if isDocumentMark { throw failure }
      default:
        content.append(scalar)
        position += 1
      }
    }
    throw failure
  }

  private static let escapes: [Unicode.Scalar: Unicode.Scalar] = [
    "0": "\u{0}", "a": "\u{7}", "b": "\u{8}", "t": "\t", "n": "\n", "v": "\u{B}", "f": "\u{C}", "r": "\r",
    "e": "\u{1B}", " ": " ", "\"": "\"", "\\": "\\", "/": "/", "N": "\u{85}", "_": "\u{A0}", "L": "\u{2028}",
    "P": "\u{2029}",
  ]

  private mutating func escape(into content: inout [Unicode.Scalar]) throws(YAMLError) {
    guard let code = next else { throw failure }
    let digitCounts: [Unicode.Scalar: Int] = ["x": 2, "u": 4, "U": 8]
    if let scalar = Self.escapes[code] {
      content.append(scalar)
      position += 2
    } else if code == "\n" {
      position += 2
      // The escaped break vanishes; empty lines after it stay.
      while current == " " || current == "\n" {
        if current == "\n" { content.append("\n") }
        position += 1
        if isDocumentMark { throw failure }
      }
    } else if let count = digitCounts[code], position + 2 + count <= text.count {
      let digits = text[position + 2..<position + 2 + count]
      guard digits.allSatisfy(\.properties.isASCIIHexDigit), let value = UInt32(digits.text, radix: 16),
        let scalar = Unicode.Scalar(value)
      else { throw failure }
      content.append(scalar)
      position += 2 + count
    } else {
      throw failure
    }
  }
}
