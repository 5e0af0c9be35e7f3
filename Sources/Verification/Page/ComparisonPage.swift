import Bytes
import Models

/// A comparison of candidates as one HTML page without scripts or external files.
public struct ComparisonPage {
  private let comparison: CandidateComparison
  private let arguments: [String]
  private let version: String

  /// - Parameter arguments: those that the program was called with.
  public init(_ comparison: CandidateComparison, arguments: [String], version: String) {
    self.comparison = comparison
    self.arguments = arguments
    self.version = version
  }

  public var text: String {
    let names = comparison.names
    let count = counted(comparison.candidates.count, "candidate")
    let body = """
      <header>
      <h1>\(HTML.escaped(names.reference)) and \(count)</h1>
      <p>\(HTML.escaped("\(comparison.frontWords)"))</p>
      </header>
      <div class="verdicts">
      \(comparison.candidates.indices.map { verdict($0, names.candidates[$0]) }.joined(separator: "\n"))
      </div>
      <section>
      <h2>Error over size</h2>
      \(chart(names.candidates) ?? "<p>No candidate has an error.</p>")
      </section>
      <section>
      <h2>Figures</h2>
      \(HTML.table(comparison.table))
      </section>
      <section>
      <h2>Findings</h2>
      \(findings(names.candidates))
      </section>
      <section>
      <h2>Measured on</h2>
      \(HTML.table(ReportTable(columns: [.left("fact"), .left("value")], rows: comparison.headlines.map { [$0.name, $0.value] })))
      </section>
      """
    return Page(
      title: "\(count) of \(names.reference)", body: body, arguments: arguments, version: version
    ).text
  }

  private func verdict(_ index: Int, _ name: String) -> String {
    let candidate = comparison.candidates[index], quality = candidate.predictions.quality
    let dominated = comparison.dominatedWords(index, comparison.names.candidates)
    let size = "\(candidate.subject.byteCount.byteSize), \(candidate.subject.bitsPerWeight.fixed(2)) bits per weight"
    let place = dominated.isEmpty ? nil : "\(dominated) is not larger and predicts better"
    return HTMLReport.verdict(
      name, quality.gradeWords, quality.style(passes: candidate.passes),
      [quality.figures, size] + (place.map { [$0] } ?? []))
  }

  private func findings(_ names: [String]) -> String {
    let all = zip(names, comparison.candidates).flatMap { name, candidate in
      candidate.findings.map { (subject: "\(name): \($0.subject.description)", finding: $0) }
    }
    return all.isEmpty ? "<p>None.</p>" : HTML.findings(all)
  }

  /// The loss of every candidate over its size, with the Pareto front.
  private func chart(_ names: [String]) -> String? {
    let points = comparison.candidates.enumerated().compactMap { index, candidate -> Point? in
      let loss = comparison.loss(of: candidate)
      guard loss.isFinite else { return nil }
      let error = comparison.isEmbedding ? 0 : 2 * candidate.predictions.divergence.standardError
      return Point(
        index: index, size: Double(candidate.subject.byteCount), loss: loss, error: error,
        isBeaten: !comparison.dominating(index).isEmpty)
    }
    let positive = points.map(\.loss).filter { $0 > 0 }
    guard let least = positive.min(), let greatest = positive.max() else { return nil }
    let unit = SizeUnit(greatest: points.map(\.size).max() ?? 0)
    let sizes = points.map { $0.size / unit.byteCount }
    let smallest = sizes.min() ?? 0, largest = sizes.max() ?? 1
    let margin = max(largest - smallest, largest * 0.1) * 0.05
    let title = comparison.isEmbedding ? "NMSE" : "mean KL divergence, nats"
    var plot = Plot(
      "\(title) of \(counted(points.count, "candidate")) over size",
      x: .linear("size, \(unit.name)", from: max(0, smallest - margin), to: largest + margin, label: unit.label),
      y: .logarithmic(title, from: least, to: greatest))
    let front = points.filter { !$0.isBeaten }.sorted { $0.size < $1.size }
    if front.count > 1 {
      plot.line(
        front.map { ($0.size / unit.byteCount, $0.loss) }, style: "front",
        name: "Pareto front: no other is as small and as good")
    }
    let labels = ChartLabels.shortened(names)
    var layout = ChartLabels(plot)
    for point in points {
      let x = point.size / unit.byteCount
      plot.dot(
        x: x, y: point.loss, range: max(0, point.loss - point.error)...point.loss + point.error,
        style: point.isBeaten ? "beaten" : "best", title: "\(names[point.index]): \(point.loss.metricText)")
      layout.add(dotAt: x, point.loss)
    }
    for point in points {
      let x = point.size / unit.byteCount
      plot.name(
        labels[point.index], x: x, y: point.loss, side: layout.side(of: labels[point.index], at: x, point.loss))
    }
    return plot.html + "<p class=\"note\">Vertical lines are two standard errors.</p>"
  }

  private struct Point {
    let index: Int
    let size: Double, loss: Double, error: Double
    let isBeaten: Bool
  }

  /// The binary unit of an axis of sizes.
  private struct SizeUnit {
    let name: String
    let byteCount: Double

    init(greatest: Double) {
      let units = [("KiB", 1024.0), ("MiB", 1_048_576), ("GiB", 1_073_741_824), ("TiB", 1_099_511_627_776)]
      (name, byteCount) = units.last { greatest >= $0.1 * 2 } ?? units[0]
    }

    func label(_ value: Double) -> String {
      let rounded = value.rounded()
      return abs(value - rounded) < 1e-9 * max(1, abs(value)) ? Int(rounded).grouped : value.significant(3)
    }
  }
}
