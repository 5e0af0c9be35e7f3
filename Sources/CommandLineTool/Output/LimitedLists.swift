import Ingot

// Lists of problems show the first few and count the others.

extension [String] {
  /// The first lines, as many as `ProblemList` has, and the count of the others.
  ///
  /// - Parameter noun: what a line says, in the singular: `warning`.
  func limited(_ noun: String, listsAll: Bool, remedy: String = "--verbose lists them") -> [String] {
    let rest = count - ProblemList.shownCount
    guard rest > 0, !listsAll else { return self }
    return prefix(ProblemList.shownCount) + ["… and \(counted(rest, "more \(noun)")) (\(remedy))"]
  }
}

extension [Finding] {
  /// A table of the first findings of each severity, and the counts of the others; empty without findings.
  func text(listsAll: Bool) -> String {
    guard !isEmpty else { return "" }
    var shown: [Finding] = [], counts: [Finding.Severity: Int] = [:]
    for finding in self {
      counts[finding.severity, default: 0] += 1
      if listsAll || counts[finding.severity] ?? 0 <= ProblemList.shownCount { shown.append(finding) }
    }
    let rest = Finding.Severity.allCases.compactMap { severity -> String? in
      let count = (counts[severity] ?? 0) - ProblemList.shownCount
      return count > 0 && !listsAll ? counted(count, "more \(severity.rawValue)") : nil
    }
    return Table(shown.table).text()
      + (rest.isEmpty ? "" : "… and \(rest.joined(separator: ", ")) (--verbose lists them)\n")
  }
}
