import Bytes

/// A plan in parts that cannot be made, or does not fit what it is used with.
public enum PartError: IngotError, Equatable {
  case hasNoPlaces(path: String, kind: String)
  case noSuchPart(Int, count: Int, path: String)
  case notAPlan(path: String, place: String)
  case otherVersion(path: String, planned: String, running: String)
  case disagrees(path: String, place: String, planned: String, found: String)
  case otherJournal(path: String, journal: String)

  public var category: ErrorCategory {
    switch self {
    case .hasNoPlaces, .noSuchPart: .usage
    case .notAPlan, .otherVersion, .disagrees: .input
    case .otherJournal: .output
    }
  }

  public var description: String {
    switch self {
    case .hasNoPlaces(let path, let kind):
      "\(path.escapedForDisplay): is \(kind), whose bytes have no place before all are made, so it cannot be made in parts"
        + " (choose a .gguf, a .safetensors or a folder of them)"
    case .noSuchPart(let part, let count, let path):
      "part \(part): \(path.escapedForDisplay) has "
        + (count == 0 ? "no parts, since there is nothing but headers" : "parts 0 to \((count - 1).grouped)")
    case .notAPlan(let path, let place):
      "\(path.escapedForDisplay): \(place), expected a plan as ingot plan --save writes it (plan again)"
    case .otherVersion(let path, let planned, let running):
      "\(path.escapedForDisplay): was planned by ingot \(planned.escapedForDisplay), but this is \(running)"
        + " (use one version for all parts, or plan again)"
    case .disagrees(let path, let place, let planned, let found):
      "\(path.escapedForDisplay): \(place) was \(planned) when it was planned, but is \(found)"
        + " (restore the inputs, or plan again)"
    case .otherJournal(let path, let journal):
      "\(path.escapedForDisplay): was begun with other options, inputs or another version of ingot, as \(journal.quoted) says"
        + " (repeat that command, or remove the journal to begin again)"
    }
  }
}

/// Parts that are not there or not right, so that nothing can be assembled.
public struct UnfinishedParts: IngotError {
  /// The path of the plan, and the numbers of its parts by what is wrong.
  public let path: String, parts: [(state: PartState, indices: [Int])]

  /// - Parameter states: that of each part.
  public init(path: String, states: [PartState]) {
    self.path = path
    parts = PartState.allCases.filter { $0 != .done }.compactMap { state in
      let indices = states.indices.filter { states[$0] == state }
      return indices.isEmpty ? nil : (state, indices)
    }
  }

  public var category: ErrorCategory { .check }
  public var description: String {
    let words = parts.map { state, indices in
      "\(indices.count == 1 ? "part" : "parts") \(indices.rangeList) \(indices.count == 1 ? "is" : "are") \(state.wording)"
    }
    return "\(path.escapedForDisplay): \(words.joined(separator: ", ")) (ingot work makes them)"
  }
}

extension [Int] {
  /// Ascending numbers as job arrays take them: `3,17-19`.
  public var rangeList: String {
    var runs: [ClosedRange<Int>] = []
    for number in self {
      if let last = runs.last, last.upperBound + 1 == number {
        runs[runs.count - 1] = last.lowerBound...number
      } else {
        runs.append(number...number)
      }
    }
    return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
  }
}
