import Bytes

/// The HTML elements of the page.
enum HTML {
  /// Escapes the special characters of HTML, and makes control characters visible.
  static func escaped(_ text: String) -> String {
    text.escapedForDisplay.reduce(into: "") { escaped, character in
      switch character {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      default: escaped.append(character)
      }
    }
  }

  /// A table that scrolls horizontally if it is wider than the screen.
  static func table(_ table: ReportTable) -> String {
    func row(_ cells: [String], _ element: String) -> String {
      let cells = zip(cells, table.columns).map { cell, column in
        "<\(element)\(column.isRightAligned ? " class=\"number\"" : "")>\(escaped(cell))</\(element)>"
      }
      return "<tr>\(cells.joined())</tr>"
    }
    let head = row(table.columns.map(\.title), "th")
    let body = table.rows.map { row($0, "td") }.joined(separator: "\n")
    return "<div class=\"wide\"><table>\n<thead>\(head)</thead>\n<tbody>\n\(body)\n</tbody></table></div>"
  }

  /// A section with its title; empty without content.
  static func section(_ title: String, _ content: String?, note: String = "") -> String {
    guard let content, !content.isEmpty else { return "" }
    let remark = note.isEmpty ? "" : "<p class=\"note\">\(escaped(note))</p>\n"
    return "<section>\n<h2>\(escaped(title))</h2>\n\(remark)\(content)\n</section>\n"
  }
}
