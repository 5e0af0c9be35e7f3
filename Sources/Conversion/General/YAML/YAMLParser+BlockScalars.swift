extension YAMLParser {
  /// The treatment of line breaks at the end of a block scalar.
  private enum Chomping { case strip, clip, keep }

  /// The literal (`|`) or folded (`>`) text below the position, its lines deeper than column `parent`.
  mutating func blockScalar(parent: Int) throws(YAMLError) -> String {
    let isFolded = current == ">"
    position += 1
    let (chomping, increment) = try blockHeader()
    let least = max(parent + 1, 1)
    let indent: Int
    if let increment {
      indent = least + increment - 1
    } else {
      indent = max(least, deepestLeadingSpace())
    }
    var content: [Unicode.Scalar] = []
    var breaks = skipBreaks(indent: indent)
    var lineBreak: [Unicode.Scalar] = []
    while column == indent, current != nil {
      content += breaks
      let isFlush = current != " "
      while let scalar = current, scalar != "\n" {
        content.append(scalar)
        position += 1
      }
      lineBreak = current == nil ? [] : ["\n"]
      if current != nil { position += 1 }
      breaks = skipBreaks(indent: indent)
      guard column == indent, current != nil else { break }
      if isFolded, isFlush, current != " " {
        if breaks.isEmpty { content.append(" ") }
      } else {
        content += lineBreak
      }
    }
    if chomping != .strip { content += lineBreak }
    if chomping == .keep { content += breaks }
    // Whoever reads on expects the end of a line, or the beginning of one.
    while position > 0, scalar(at: position - 1) == " " { position -= 1 }
    if position > 0, scalar(at: position - 1) == "\n" { position -= 1 }
    return content.text
  }

  private mutating func blockHeader() throws(YAMLError) -> (Chomping, increment: Int?) {
    var chomping: Chomping?
    var increment: Int?
    while let scalar = current, !Self.isBlank(scalar) {
      switch scalar {
      case "+" where chomping == nil: chomping = .keep
      case "-" where chomping == nil: chomping = .strip
      case "1"..."9" where increment == nil: increment = Int(scalar.value) - 0x30
      default: throw failure
      }
      position += 1
    }
    guard skipToEndOfLine() else { throw failure }
    if current != nil { position += 1 }
    return (chomping ?? .clip, increment)
  }

  /// The greatest column reached by the spaces of the lines up to the first that has text.
  private func deepestLeadingSpace() -> Int {
    var deepest = 0
    var (index, column) = (position, 0)
    while let scalar = scalar(at: index), scalar == " " || scalar == "\n" {
      column = scalar == " " ? column + 1 : 0
      deepest = max(deepest, column)
      index += 1
    }
    return deepest
  }

  /// Moves over empty lines and at most `indent` spaces of each line; gives the line breaks.
  private mutating func skipBreaks(indent: Int) -> [Unicode.Scalar] {
    var breaks: [Unicode.Scalar] = []
    var column = 0
    while true {
      while column < indent, current == " " {
        position += 1
        column += 1
      }
      guard current == "\n" else { return breaks }
      breaks.append("\n")
      position += 1
      column = 0
    }
  }
}
