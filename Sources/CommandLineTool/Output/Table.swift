import Ingot

/// Rows of cells that are printed in aligned columns, two spaces apart.
struct Table {
  enum Alignment {
    case left
    case right
  }

  private let columns: [(title: String, alignment: Alignment)]
  private var rows: [[String]] = []

  /// A table whose first line names the columns.
  init(_ columns: KeyValuePairs<String, Alignment>) {
    self.columns = columns.map { (title: $0.key, alignment: $0.value) }
  }

  /// A table that a library made.
  init(_ table: ReportTable) {
    columns = table.columns.map { (title: $0.title, alignment: $0.isRightAligned ? .right : .left) }
    rows = table.rows
  }

  /// Adds a row, one cell for each column.
  mutating func append(_ cells: String...) { rows.append(cells) }

  /// Adds a row, one cell for each column.
  mutating func append(_ cells: [String]) { rows.append(cells) }

  /// The lines, without trailing spaces, each indented by `indentation` spaces.
  func text(indentation: Int = 0) -> String {
    let all = [columns.map(\.title)] + rows
    var widths = [Int](repeating: 0, count: columns.count)
    for row in all {
      for (index, cell) in row.enumerated() where index < widths.count {
        widths[index] = max(widths[index], cell.columnCount)
      }
    }
    var text = ""
    for (rowIndex, row) in all.enumerated() {
      var line = String(repeating: " ", count: indentation)
      for (index, cell) in row.enumerated() where index < widths.count {
        if index > 0 { line += "  " }
        let padding = String(repeating: " ", count: widths[index] - cell.columnCount)
        line += columns[index].alignment == .left ? cell + padding : padding + cell
      }
      while line.last == " " { line.removeLast() }
      text += (rowIndex == 0 ? line.emphasized : line) + "\n"
    }
    return text
  }
}

/// Pairs of a word and a value, the values in one column.
func definitionList(_ pairs: [(String, String)]) -> String {
  let width = pairs.map { $0.0.columnCount }.max() ?? 0
  return pairs.map { name, value in
    "\(name)\(String(repeating: " ", count: width - name.columnCount + 2))\(value)\n"
  }.joined()
}

extension String {
  /// The columns of a terminal this takes: one for each character, two for wide ones.
  fileprivate var columnCount: Int {
    if utf8.allSatisfy({ $0 < 0x80 }) { return utf8.count }
    return reduce(0) { $0 + ($1.unicodeScalars.first?.isWide == true ? 2 : 1) }
  }

  /// Bold where the output may be colored.
  var emphasized: String { StandardStreams.outputIsColored ? "\u{1B}[1m\(self)\u{1B}[0m" : self }
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
