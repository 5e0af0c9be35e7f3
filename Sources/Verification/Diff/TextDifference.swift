import Bytes

/// The lines in which two texts differ, in the unified form of `diff -u`.
public struct TextDifference: Sendable, Hashable {
  /// What is compared: `config.json`, `chat template`.
  public let subject: String
  /// Lines with `@@ … @@`, ` `, `-` and `+` before them, without a final newline each.
  public let lines: [String]

  /// Lines that are shown around a difference.
  private static let contextLineCount = 3
  /// Lines inserted and removed that are searched for; texts that differ more are replaced as a whole.
  private static let maximumEditCount = 2000

  /// Compares two texts line by line; nil if they are equal.
  ///
  /// - Complexity: O((lines + edits) × edits), by Myers' algorithm.
  public init?(_ subject: String, _ reference: String, _ candidate: String) {
    guard reference != candidate else { return nil }
    self.subject = subject
    let old = Self.lines(of: reference), new = Self.lines(of: candidate)
    lines = Self.hunks(Self.edits(old, new), old, new)
  }

  private static func lines(of text: String) -> [String] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if lines.last == "" {
      lines.removeLast()
    } else {
      // As `diff` says it, but on the line itself.
      lines[lines.count - 1] += " (no newline at the end)"
    }
    return lines
  }

  /// A line that stays (of both), is removed (of the old text) or is inserted (of the new one).
  private enum Edit {
    case keep(Int, Int)
    case remove(Int)
    case insert(Int)
  }

  /// The shortest script from `old` to `new`.
  private static func edits(_ old: [String], _ new: [String]) -> [Edit] {
    let prefix = zip(old, new).prefix { $0 == $1 }.count
    let suffix = zip(old.dropFirst(prefix).reversed(), new.dropFirst(prefix).reversed()).prefix { $0 == $1 }.count
    let middle = middleEdits(
      Array(old[prefix..<old.count - suffix]), Array(new[prefix..<new.count - suffix]), offset: prefix)
    return (0..<prefix).map { .keep($0, $0) } + middle
      + (0..<suffix).map { .keep(old.count - suffix + $0, new.count - suffix + $0) }
  }

  private static func middleEdits(_ old: [String], _ new: [String], offset: Int) -> [Edit] {
    // furthest[k] is the furthest old line on diagonal k = old - new after so many edits.
    let limit = min(old.count + new.count, maximumEditCount)
    var furthest = [Int](repeating: 0, count: 2 * limit + 3)
    var trace: [[Int]] = []
    let center = limit + 1
    search: for count in 0...limit {
      trace.append(furthest)
      for diagonal in stride(from: -count, through: count, by: 2) {
        let goesDown =
          diagonal == -count || diagonal != count && furthest[center + diagonal - 1] < furthest[center + diagonal + 1]
        var row = goesDown ? furthest[center + diagonal + 1] : furthest[center + diagonal - 1] + 1
        while row < old.count, row - diagonal < new.count, row - diagonal >= 0, old[row] == new[row - diagonal] {
          row += 1
        }
        furthest[center + diagonal] = row
        if row >= old.count, row - diagonal >= new.count { break search }
      }
      if count == limit {
        return old.indices.map { .remove($0 + offset) } + new.indices.map { .insert($0 + offset) }
      }
    }
    var edits: [Edit] = []
    var row = old.count, column = new.count
    for (count, furthest) in trace.enumerated().reversed() {
      let diagonal = row - column
      let goesDown =
        diagonal == -count || diagonal != count && furthest[center + diagonal - 1] < furthest[center + diagonal + 1]
      let before = goesDown ? diagonal + 1 : diagonal - 1
      let startRow = count == 0 ? 0 : furthest[center + before], startColumn = count == 0 ? 0 : startRow - before
      while row > startRow, column > startColumn {
        row -= 1
        column -= 1
        edits.append(.keep(row + offset, column + offset))
      }
      guard count > 0 else { break }
      if goesDown {
        column -= 1
        edits.append(.insert(column + offset))
      } else {
        row -= 1
        edits.append(.remove(row + offset))
      }
    }
    return edits.reversed()
  }

  /// The edits with the lines around them, a heading for each run.
  private static func hunks(_ edits: [Edit], _ old: [String], _ new: [String]) -> [String] {
    let changes = edits.indices.filter { if case .keep = edits[$0] { false } else { true } }
    var lines: [String] = [], next = 0
    while next < changes.count {
      var last = next
      while last + 1 < changes.count, changes[last + 1] - changes[last] <= 2 * contextLineCount + 1 { last += 1 }
      let range = max(0, changes[next] - contextLineCount)...min(edits.count - 1, changes[last] + contextLineCount)
      lines += hunk(edits[range], edits[..<range.lowerBound], old, new)
      next = last + 1
    }
    return lines
  }

  private static func hunk(
    _ edits: ArraySlice<Edit>, _ before: ArraySlice<Edit>, _ old: [String], _ new: [String]
  ) -> [String] {
    func counts(_ edits: ArraySlice<Edit>) -> (old: Int, new: Int) {
      edits.reduce(into: (0, 0)) { counts, edit in
        switch edit {
        case .keep: counts = (counts.0 + 1, counts.1 + 1)
        case .remove: counts.0 += 1
        case .insert: counts.1 += 1
        }
      }
    }
    let start = counts(before), own = counts(edits)
    // A range without lines is said to be after the line before it.
    func range(_ start: Int, _ count: Int) -> String {
      count == 1 ? "\(start + 1)" : "\(count == 0 ? start : start + 1),\(count)"
    }
    return ["@@ -\(range(start.old, own.old)) +\(range(start.new, own.new)) @@"]
      + edits.map { edit in
        switch edit {
        case .keep(let index, _): " " + old[index]
        case .remove(let index): "-" + old[index]
        case .insert(let index): "+" + new[index]
        }
      }
  }

  var json: JSON { .members(["subject": .string(subject), "lines": .array(lines.map { .string($0) })]) }
}
