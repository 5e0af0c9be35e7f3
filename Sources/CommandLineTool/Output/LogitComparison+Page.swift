import Ingot

extension LogitComparison {
  /// The report as one web page without scripts or foreign parts.
  var page: String {
    let title = "\(candidate.checkpoint.path) against \(reference.checkpoint.path)"
    return """
      <!doctype html>
      <html lang="en">
      <meta charset="utf-8">
      <title>\(title.escapedForHTML)</title>
      <style>
      body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
      table { border-collapse: collapse; margin: 1rem 0; }
      td, th { padding: .2rem .8rem; border-bottom: 1px solid #ccc; text-align: left; font-weight: normal; }
      th { font-weight: 600; }
      .number { text-align: right; font-variant-numeric: tabular-nums; }
      .failed { color: #b00020; } .passed { color: #00702a; }
      </style>
      <h1>\(title.escapedForHTML)</h1>
      <p class="\(passes ? "passed" : "failed")"><strong>\(passes ? "passed" : "failed")</strong></p>
      \(Self.html(ReportTable(columns: [.left("figure"), .left("value")], rows: headlines.map { [$0.0, $0.1] })))
      <h2>Layers</h2>
      \(Self.html(layerTable))
      <h2>Findings</h2>
      \(findings.isEmpty ? "<p>None.</p>" : Self.html(findings.table))
      </html>

      """
  }

  private static func html(_ table: ReportTable) -> String {
    func row(_ cells: [String], _ element: String) -> String {
      let cells = zip(cells, table.columns).map { cell, column in
        let style = column.isRightAligned ? " class=\"number\"" : ""
        return "<\(element)\(style)>\(cell.escapedForHTML)</\(element)>"
      }
      return "<tr>\(cells.joined())</tr>"
    }
    let rows = [row(table.columns.map(\.title), "th")] + table.rows.map { row($0, "td") }
    return "<table>\n\(rows.joined(separator: "\n"))\n</table>"
  }
}

extension String {
  /// The text with the characters that mean something in HTML as references.
  fileprivate var escapedForHTML: String {
    reduce(into: "") { text, character in
      switch character {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      default: text.append(character)
      }
    }
  }
}
