import Bytes
import Inference
import Tensors

/// Charts as SVG in the colors of the page.
enum Chart {
  /// One line of a chart.
  struct Series {
    let name: String
    /// Its color: `first` to `fourth`.
    let style: String
    /// A value for each point, or nil.
    let values: [Double?]
  }

  private static let width = 720.0, height = 260.0
  private static let left = 56.0, right = 8.0, top = 10.0, bottom = 34.0

  /// Draws lines over named points with a logarithmic scale; zeros are at the bottom.
  ///
  /// - Parameter limit: a horizontal line and its name.
  static func lines(_ points: [String], _ series: [Series], limit: (name: String, value: Double)?) -> String? {
    let positive = series.flatMap(\.values).compactMap { $0 }.filter { $0 > 0 && $0.isFinite }
    guard let least = positive.min(), let greatest = positive.max(), points.count > 1 else { return nil }
    let marked = limit.flatMap { $0.value > 0 ? $0.value : nil }
    let low = decade(min(least, marked ?? least)) - 1,
      high = max(decade(max(greatest, marked ?? greatest)) + 1, low + 1)
    func x(_ index: Int) -> Double {
      left + (width - left - right) * Double(index) / Double(points.count - 1)
    }
    func y(_ value: Double) -> Double {
      guard value > 0 else { return height - bottom }
      let exponent = logarithm(value)
      return top + (height - top - bottom)
        * (1 - (min(max(exponent, Double(low)), Double(high)) - Double(low)) / Double(high - low))
    }
    var parts: [String] = []
    let step = max(1, (high - low + 5) / 6)
    for exponent in stride(from: low, through: high, by: step) {
      let line = top + (height - top - bottom) * (1 - Double(exponent - low) / Double(high - low))
      parts.append(rule(line, "grid") + label(left - 6, line + 4, "1e\(exponent)", anchor: "end"))
    }
    let end = points.count - 1
    let every = max(1, (points.count + 5) / 6)
    // The last point is always named, and none so near that the names would overlap.
    let named = stride(from: 0, to: end, by: every).filter { $0 == 0 || end - $0 >= (every + 1) / 2 }
    for index in named {
      // A phone has room for the ends and the middle.
      let style = index == 0 || index == named[named.count / 2] ? nil : "more"
      parts.append(label(x(index), height - 12, points[index], anchor: index == 0 ? "start" : "middle", style: style))
    }
    parts.append(label(x(end), height - 12, points[end], anchor: "end"))
    for line in series {
      let coordinates = line.values.enumerated().compactMap { index, value in
        value.map { "\(x(index).fixed(1)),\(y($0).fixed(1))" }
      }
      parts.append(
        "<polyline class=\"\(line.style)\" fill=\"none\" stroke-width=\"2\" points=\"\(coordinates.joined(separator: " "))\"/>"
      )
    }
    if let marked { parts.append(rule(y(marked), "limit")) }
    var keys = series.map { "<span><i class=\"\($0.style)\"></i>\(HTML.escaped($0.name))</span>" }
    if marked != nil, let limit { keys.append("<span><i class=\"limit\"></i>\(HTML.escaped(limit.name))</span>") }
    return "<figure>\(drawing(parts, "error after each layer"))<div class=\"key\">\(keys.joined())</div></figure>"
  }

  /// Draws the number of values in each third of a decade; zeros have their own bar at the left.
  static func histogram(_ values: [Double]) -> String? {
    let positive = values.filter { $0 > 0 && $0.isFinite }
    guard let least = positive.min(), let greatest = positive.max() else { return nil }
    // Values far below the greatest are counted in the first bar.
    let high = decade(greatest) + 1, low = max(decade(least), high - 8)
    let zeros = values.count { $0 == 0 }
    var counts = [Int](repeating: 0, count: (high - low) * 3)
    for value in positive {
      counts[min(counts.count - 1, max(0, Int((logarithm(value) - Double(low)) * 3)))] += 1
    }
    let bars = [zeros] + counts
    let tallest = Double(max(1, bars.max() ?? 1))
    let slot = (width - left - right) / Double(bars.count)
    var parts = [rule(height - bottom, "grid")]
    for (index, count) in bars.enumerated() where count > 0 {
      let size = (height - top - bottom) * Double(count) / tallest
      parts.append(
        "<rect class=\"bar\" x=\"\((left + slot * Double(index) + 1).fixed(1))\" y=\"\((height - bottom - size).fixed(1))\""
          + " width=\"\(max(1, slot - 2).fixed(1))\" height=\"\(size.fixed(1))\"><title>\(count.grouped)</title></rect>"
      )
    }
    if zeros > 0 { parts.append(label(left + slot / 2, height - 12, "0", anchor: "middle")) }
    for (index, exponent) in (low...high).enumerated() {
      parts.append(
        label(
          left + slot * Double(1 + 3 * index), height - 12, "1e\(exponent)",
          anchor: index == high - low ? "end" : "middle"))
    }
    parts.append(label(left - 6, top + 8, Int(tallest).grouped, anchor: "end"))
    return "<figure>\(drawing(parts, "distribution"))</figure>"
  }

  private static func drawing(_ parts: [String], _ title: String) -> String {
    "<svg viewBox=\"0 0 \(Int(width)) \(Int(height))\" role=\"img\" aria-label=\"\(title)\">\n"
      + parts.joined(separator: "\n") + "\n</svg>"
  }

  private static func rule(_ y: Double, _ style: String) -> String {
    "<line class=\"\(style)\" x1=\"\(left)\" x2=\"\(width - right)\" y1=\"\(y.fixed(1))\" y2=\"\(y.fixed(1))\"/>"
  }

  private static func label(
    _ x: Double, _ y: Double, _ text: String, anchor: String, style: String? = nil
  ) -> String {
    let style = style.map { " class=\"\($0)\"" } ?? ""
    return "<text\(style) x=\"\(x.fixed(1))\" y=\"\(y.fixed(1))\" text-anchor=\"\(anchor)\">"
      + "\(HTML.escaped(text))</text>"
  }

  private static func logarithm(_ value: Double) -> Double {
    DeterministicMath.naturalLogarithm(value) / DeterministicMath.naturalLogarithm(10)
  }

  private static func decade(_ value: Double) -> Int { Int(logarithm(value).rounded(.down)) }
}
