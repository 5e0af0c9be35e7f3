/// The columns of a table that fit a terminal, and their widths.
///
/// If the table is too wide, texts give way: the last one is wrapped, the others lose their middle, the first one, which names
/// the row, the least. Numbers are never broken; if texts at their least width are still too wide, columns are left out, the
/// first one and a wrapped text excepted.
struct TableLayout {
  /// The columns that are shown.
  private(set) var shown: [Int]
  /// Widths of all columns.
  private(set) var widths: [Int]
  /// The columns that are left out.
  var omitted: [Int] { widths.indices.filter { !shown.contains($0) } }
  /// The column of text that is wrapped, if it has to be.
  private let wrapped: Int?

  /// The least width of a name, of a text that is wrapped, and of one that is cut.
  private static let leastName = 40, leastWrapped = 24, leastCut = 12

  /// - Parameters:
  ///   - rows: the cells, titles included.
  ///   - isFlexible: whether a column is text, which may be cut or wrapped.
  ///   - expendable: the columns that are left out first, in this order; then others from the right.
  ///   - columnCount: the columns of the terminal; nil for no limit.
  init(_ rows: [[String]], isFlexible: [Bool], expendable: [Int], columnCount: Int?) {
    let natural = isFlexible.indices.map { column in
      rows.map { column < $0.count ? $0[column].columnCount : 0 }.max() ?? 0
    }
    widths = natural
    shown = Array(natural.indices)
    // A column of single words, such as names, is worth more whole than wrapped; a text has spaces.
    wrapped = isFlexible.indices.last { column in
      isFlexible[column] && rows.dropFirst().contains { column < $0.count && $0[column].contains(" ") }
    }
    guard let columnCount else { return }
    while excess(over: columnCount) > 0 {
      if narrowWidestText(isFlexible, by: excess(over: columnCount)) { continue }
      let candidates = shown.filter { $0 != shown.first && $0 != wrapped }
      guard let column = expendable.first(where: candidates.contains) ?? candidates.last else { break }
      shown.removeAll { $0 == column }
      widths = natural
    }
    if let name = shown.first, isFlexible[name] {
      widths[name] = min(widths[name], max(Self.leastCut, widths[name] - max(0, excess(over: columnCount))))
    }
  }

  /// The columns by which the table is too wide.
  private func excess(over columnCount: Int) -> Int {
    shown.reduce(2 * (shown.count - 1)) { $0 + widths[$1] } - columnCount
  }

  /// Narrows the widest text that may become narrower; returns false if there is none.
  private mutating func narrowWidestText(_ isFlexible: [Bool], by excess: Int) -> Bool {
    func least(_ column: Int) -> Int {
      column == wrapped ? Self.leastWrapped : column == shown.first ? Self.leastName : Self.leastCut
    }
    let candidates = shown.filter { isFlexible[$0] && widths[$0] > least($0) }
    guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { return false }
    // Not below the next widest at once, so that texts give way evenly.
    let next = candidates.filter { $0 != widest }.map { widths[$0] }.max() ?? 0
    let step = widths[widest] > next ? widths[widest] - next : 1
    widths[widest] -= min(excess, max(1, min(step, widths[widest] - least(widest))))
    return true
  }

  /// The lines of a cell.
  func lines(of cell: String, column: Int) -> [String] {
    guard cell.columnCount > widths[column] else { return [cell] }
    return column == wrapped ? cell.lines(ofColumns: widths[column]) : [cell.shortened(toColumns: widths[column])]
  }
}
