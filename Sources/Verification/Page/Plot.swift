import Bytes

/// A chart whose lines are SVG and whose words are HTML, so that words keep their size on a phone.
///
/// Positions are shares of the plot's area: x from the left, y from the bottom.
struct Plot {
  let x: Axis, y: Axis
  /// What the chart shows, for those who do not see it.
  let title: String
  /// Elements of the drawing, 1,000 units wide and high.
  private var shapes: [String] = []
  /// Elements over the drawing.
  private var labels: [String] = []
  private var keys: [String] = []

  init(_ title: String, x: Axis, y: Axis) {
    self.title = title
    self.x = x
    self.y = y
  }

  private func left(_ value: Double) -> String { (x.fraction(value) * 1000).fixed(1) }
  private func top(_ value: Double) -> String { ((1 - y.fraction(value)) * 1000).fixed(1) }
  private static func percent(_ share: Double) -> String { "\((share * 100).fixed(2))%" }

  /// Draws a line through points and names it in the key.
  mutating func line(_ points: [(x: Double, y: Double)], style: String, name: String?) {
    let coordinates = points.map { "\(left($0.x)),\(top($0.y))" }.joined(separator: " ")
    shapes.append("<polyline class=\"\(style)\" points=\"\(coordinates)\"/>")
    if let name { key(name, style: style) }
  }

  /// Draws a bar from the bottom.
  mutating func bar(from low: Double, to high: Double, height: Double, title: String) {
    let start = x.fraction(low) * 1000, end = x.fraction(high) * 1000, size = y.fraction(height) * 1000
    shapes.append(
      "<rect class=\"bar\" x=\"\((start + 1).fixed(1))\" y=\"\((1000 - size).fixed(1))\""
        + " width=\"\(max(1, end - start - 2).fixed(1))\" height=\"\(size.fixed(1))\">"
        + "<title>\(HTML.escaped(title))</title></rect>")
  }

  /// Draws a vertical line across the plot and names it in the key.
  mutating func mark(x value: Double, style: String, name: String) {
    shapes.append("<line class=\"\(style)\" x1=\"\(left(value))\" x2=\"\(left(value))\" y1=\"0\" y2=\"1000\"/>")
    key(name, style: style)
  }

  /// Draws a horizontal line across the plot and names it in the key.
  mutating func mark(y value: Double, style: String, name: String) {
    shapes.append("<line class=\"\(style)\" x1=\"0\" x2=\"1000\" y1=\"\(top(value))\" y2=\"\(top(value))\"/>")
    key(name, style: style)
  }

  /// Draws a dot with the range of its uncertainty.
  mutating func dot(x value: Double, y height: Double, range: ClosedRange<Double>, style: String, title: String) {
    shapes.append(
      "<line class=\"\(style) range\" x1=\"\(left(value))\" x2=\"\(left(value))\" y1=\"\(top(range.lowerBound))\""
        + " y2=\"\(top(range.upperBound))\"/>")
    labels.append(
      "<i class=\"dot \(style)\" title=\"\(HTML.escaped(title))\" style=\"left:\(Self.percent(x.fraction(value)));"
        + "bottom:\(Self.percent(y.fraction(height)))\"></i>")
  }

  /// Where a label is, seen from its dot.
  enum Side: String, CaseIterable { case right, left, above, below }

  /// Writes a name next to a dot.
  mutating func name(_ text: String, x value: Double, y height: Double, side: Side) {
    labels.append(
      "<span class=\"name \(side.rawValue)\" style=\"left:\(Self.percent(x.fraction(value)));"
        + "bottom:\(Self.percent(y.fraction(height)))\">\(HTML.escaped(text))</span>")
  }

  private mutating func key(_ name: String, style: String) {
    keys.append("<span><i class=\"\(style)\"></i>\(HTML.escaped(name))</span>")
  }

  var html: String {
    let grid = y.ticks.map {
      "<line class=\"grid\" x1=\"0\" x2=\"1000\" y1=\"\(top($0.value))\" y2=\"\(top($0.value))\"/>"
    }
    let heights = y.ticks.map {
      "<span class=\"tick y\(y.ticks.count > 7 && $0.isMinor ? " minor" : "")\""
        + " style=\"bottom:\(Self.percent(y.fraction($0.value)))\">\(HTML.escaped($0.label))</span>"
    }
    let widths = x.ticks.map { tick in
      let share = x.fraction(tick.value)
      let anchor = share < 0.02 ? " start" : share > 0.98 ? " end" : ""
      return "<span class=\"tick x\(anchor)\(tick.isMinor ? " minor" : "")\" style=\"left:\(Self.percent(share))\">"
        + "\(HTML.escaped(tick.label))</span>"
    }
    return """
      <figure>
      <div class="axis-title">\(HTML.escaped(y.title))</div>
      <div class="plot" role="img" aria-label="\(HTML.escaped(title))">
      <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">
      \((grid + shapes).joined(separator: "\n"))
      </svg>
      \((heights + widths + labels).joined(separator: "\n"))
      </div>
      <div class="axis-title x">\(HTML.escaped(x.title))</div>
      <div class="key">\(keys.joined())</div>
      </figure>
      """
  }
}
