import Ingot

/// Rows of cells that are printed in aligned columns, two spaces apart.
struct Table {
  enum Alignment {
    case left
    case right
  }

  private let columns: [(title: String, alignment: Alignment)]
  private var rows: [[String]] = []
  /// The titles of columns that a narrow terminal does without first, in this order.
  var expendable: [String] = []

  /// A table whose first line names the columns.
  init(_ columns: KeyValuePairs<String, Alignment>) {
    self.columns = columns.map { (title: $0.key, alignment: $0.value) }
  }

  /// A table whose first line names the columns, as many as there are.
  init(_ columns: [(title: String, alignment: Alignment)]) { self.columns = columns }

  /// A table that a library made.
  init(_ table: ReportTable, expendable: [String] = []) {
    self.expendable = expendable
    columns = table.columns.map { (title: $0.title, alignment: $0.isRightAligned ? .right : .left) }
    rows = table.rows
  }

  /// Adds a row, one cell for each column.
  mutating func append(_ cells: String...) { rows.append(cells) }

  /// Adds a row, one cell for each column.
  mutating func append(_ cells: [String]) { rows.append(cells) }

  /// The lines, without trailing spaces, each indented by `indentation` spaces and none wider than `columnCount`.
  func text(indentation: Int = 0, columnCount: Int? = StandardStreams.outputColumnCount) -> String {
    let all = [columns.map(\.title)] + rows.map { Array($0.prefix(columns.count)) }
    let layout = TableLayout(
      all, isFlexible: columns.map { $0.alignment == .left },
      expendable: expendable.compactMap { title in columns.firstIndex { $0.title == title } },
      columnCount: columnCount.map { max(1, $0 - indentation) })
    let margin = String(repeating: " ", count: indentation)
    var text = ""
    for (rowIndex, row) in all.enumerated() {
      for line in lines(row, layout) { text += margin + (rowIndex == 0 ? line.emphasized : line) + "\n" }
    }
    if !layout.omitted.isEmpty {
      let titles = layout.omitted.map { columns[$0].title }.joined(separator: ", ")
      text += "(a wider terminal shows \(titles))".wrapped + "\n"
    }
    return text
  }

  /// The lines of a row: several if a text is wrapped.
  private func lines(_ row: [String], _ layout: TableLayout) -> [String] {
    let cells = layout.shown.filter { $0 < row.count }.map { layout.lines(of: row[$0], column: $0) }
    return (0..<(cells.map(\.count).max() ?? 0)).map { index in
      var line = ""
      for (cell, column) in zip(cells, layout.shown) {
        if column != layout.shown.first { line += "  " }
        let part = index < cell.count ? cell[index] : ""
        let padding = String(repeating: " ", count: max(0, layout.widths[column] - part.columnCount))
        let colored = part.colored(as: row[column])
        line += columns[column].alignment == .left ? colored + padding : padding + colored
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}

/// Pairs of a word and a value, the values in one column, wrapped there if the terminal is narrow.
func definitionList(_ pairs: [(String, String)]) -> String {
  let width = (pairs.map { $0.0.columnCount }.max() ?? 0) + 2
  return pairs.map { name, value in
    let lines = StandardStreams.outputColumnCount.map { value.lines(ofColumns: max(16, $0 - width)) } ?? [value]
    return zip([name] + repeatElement("", count: lines.count - 1), lines).map { name, line in
      "\(name)\(String(repeating: " ", count: width - name.columnCount))\(line)\n"
    }.joined()
  }.joined()
}
