import ArgumentParser
import Ingot

/// Indices as in Python: `0:4`, `:4`, `-4:`, `7`; a negative index counts from the end.
struct SliceArgument: ExpressibleByArgument {
  /// As it was written.
  let text: String
  private let lower: Int?, upper: Int?
  private let isIndex: Bool

  init?(argument: String) {
    text = argument
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    func bound(_ part: Substring) -> Int?? { part.isEmpty ? .some(nil) : Int(part).map { .some($0) } }
    switch parts.count {
    case 1:
      guard let index = Int(argument) else { return nil }
      (lower, upper, isIndex) = (index, nil, true)
    case 2:
      guard let lower = bound(parts[0]), let upper = bound(parts[1]) else { return nil }
      (self.lower, self.upper, isIndex) = (lower, upper, false)
    default: return nil
    }
  }

  /// The indices that are meant of `count`; the end of a range may be beyond them, as in Python.
  ///
  /// - Parameter noun: what is counted: `row`.
  /// - Throws: for an index beyond the count, or a range without any.
  func range(of count: Int, _ noun: String) throws -> Range<Int> {
    func place(_ index: Int) -> Int { index < 0 ? count + index : index }
    if isIndex, let index = lower {
      guard (0..<count).contains(place(index)) else { throw EmptySlice(text: text, noun: noun, count: count) }
      return place(index)..<place(index) + 1
    }
    let start = max(0, lower.map(place) ?? 0), end = min(count, upper.map(place) ?? count)
    guard start < end else { throw EmptySlice(text: text, noun: noun, count: count) }
    return start..<end
  }
}

/// Indices of which a tensor has none.
struct EmptySlice: IngotError {
  let text: String
  let noun: String
  let count: Int
  var category: ErrorCategory { .usage }
  var description: String { "--\(noun)s \(text.quoted): selects nothing, as the tensor has \(counted(count, noun))" }
}
