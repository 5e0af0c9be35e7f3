import Bytes

/// The HTML elements of a page.
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

  /// A table; on a narrow screen rows of more than two cells become lists with the titles of the columns.
  static func table(_ table: ReportTable) -> String {
    func row(_ cells: [String], _ element: String) -> String {
      let cells = zip(cells, table.columns).map { cell, column in
        let label = element == "td" ? " data-label=\"\(escaped(column.title))\"" : ""
        return "<\(element)\(column.isRightAligned ? " class=\"number\"" : "")\(label)>\(escaped(cell))</\(element)>"
      }
      return "<tr>\(cells.joined())</tr>"
    }
    let head = row(table.columns.map(\.title), "th")
    let body = table.rows.map { row($0, "td") }.joined(separator: "\n")
    // A table of many columns becomes lists on a tablet, too.
    let style = table.columns.count > 7 ? "many" : table.columns.count > 2 ? "few" : "pairs"
    return "<table class=\"\(style)\">\n<thead>\(head)</thead>\n<tbody>\n\(body)\n</tbody></table>"
  }

  /// A part of a section with its title; empty without content.
  static func part(_ title: String, _ content: String?, note: String = "") -> String {
    guard let content, !content.isEmpty else { return "" }
    let remark = note.isEmpty ? "" : "<p class=\"note\">\(escaped(note))</p>\n"
    return "<div class=\"part\">\n<h3>\(escaped(title))</h3>\n\(remark)\(content)\n</div>\n"
  }

  /// A part that is closed at first.
  static func details(_ title: String, _ content: String?) -> String {
    guard let content, !content.isEmpty else { return "" }
    return "<details><summary>\(escaped(title))</summary>\n\(content)\n</details>\n"
  }

  /// The findings as a list, the first `limit` of them.
  static func findings(_ findings: [(subject: String, finding: Finding)], limit: Int = 50) -> String {
    let shown = findings.prefix(limit).map { subject, finding in
      "<li class=\"\(finding.severity.rawValue)\"><b>\(escaped(subject))</b> \(escaped(finding.message))"
        + " <small>\(finding.severity.rawValue), \(escaped(finding.check))</small></li>"
    }
    let rest = findings.count - shown.count
    return "<ul class=\"findings\">\n\(shown.joined(separator: "\n"))\n</ul>"
      + (rest > 0 ? "<p class=\"note\">and \(rest.grouped) more</p>" : "")
  }
}
