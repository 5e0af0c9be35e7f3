import Ingot

// Text by the columns that it takes on a terminal.

extension String {
  /// The columns of a terminal this takes: one for each character, two for wide ones.
  var columnCount: Int {
    if utf8.allSatisfy({ $0 < 0x80 }) { return utf8.count }
    return reduce(0) { $0 + $1.columnCount }
  }

  /// Bold where the output may be colored.
  var emphasized: String { StandardStreams.outputIsColored ? "\u{1B}[1m\(self)\u{1B}[0m" : self }

  /// Each line wrapped at spaces to the columns of the terminal, if the output is one.
  var wrapped: String {
    guard let count = StandardStreams.outputColumnCount else { return self }
    return split(separator: "\n", omittingEmptySubsequences: false)
      .flatMap { String($0).lines(ofColumns: count) }.joined(separator: "\n")
  }

  /// The lines of at most `count` columns that hold this text, broken at spaces, or within a word that is longer.
  func lines(ofColumns count: Int) -> [String] {
    guard columnCount > count else { return [self] }
    var lines: [String] = [], line = ""
    for word in split(separator: " ", omittingEmptySubsequences: false) {
      let joined = line.isEmpty ? String(word) : line + " " + word
      if joined.columnCount <= count {
        line = joined
        continue
      }
      if !line.isEmpty { lines.append(line) }
      line = String(word)
      while line.columnCount > count {
        let head = line.head(ofColumns: count)
        lines.append(head)
        line = String(line.dropFirst(Swift.max(1, head.count)))
      }
    }
    return lines + [line]
  }

  /// The text with its middle left out, so that it takes at most `count` columns.
  func shortened(toColumns count: Int) -> String {
    guard columnCount > count else { return self }
    guard count > 1 else { return "…" }
    let tail = String(String(reversed()).head(ofColumns: (count - 1) / 2).reversed())
    return head(ofColumns: count - 1 - tail.columnCount) + "…" + tail
  }

  /// The beginning that takes at most `count` columns.
  private func head(ofColumns count: Int) -> String {
    var head = "", taken = 0
    for character in self {
      taken += character.columnCount
      guard taken <= count else { break }
      head.append(character)
    }
    return head
  }
}

extension Character {
  fileprivate var columnCount: Int { unicodeScalars.first?.isWide == true ? 2 : 1 }
}

extension Unicode.Scalar {
  /// Whether terminals give it two columns: the large blocks that Unicode's `EastAsianWidth.txt` calls wide.
  fileprivate var isWide: Bool {
    switch value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
      true
    default: false
    }
  }
}
