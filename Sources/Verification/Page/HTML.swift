import Bytes

/// The few elements that a page is made of.
enum HTML {
  /// Text with the characters that mean something in HTML as references, and control characters made visible.
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

  /// A table that scrolls sideways where it is wider than the screen.
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

  /// A part of the page under its title; nothing if there is nothing to say.
  static func section(_ title: String, _ content: String?, note: String = "") -> String {
    guard let content, !content.isEmpty else { return "" }
    let remark = note.isEmpty ? "" : "<p class=\"note\">\(escaped(note))</p>\n"
    return "<section>\n<h2>\(escaped(title))</h2>\n\(remark)\(content)\n</section>\n"
  }
}
