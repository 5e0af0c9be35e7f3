/// The category of an error; the command line maps each to an exit status.
public enum ErrorCategory: Sendable {
  /// Input is unreadable, invalid or unsupported.
  case input
  /// Output could not be written.
  case output
  /// The request itself makes no sense.
  case usage
  /// A comparison, check or budget failed.
  case check
  /// What failed may succeed later.
  case temporary
}

/// An error that is a value with facts; `description` is its one wording.
///
/// The wording is `file: subject: fact, expected … (remedy)`, lower case, without a final stop.
public protocol IngotError: Error, CustomStringConvertible, Sendable {
  /// The category that decides the exit status.
  var category: ErrorCategory { get }
  /// The single errors that this one sums up; itself if it is one.
  var constituents: [any IngotError] { get }
  /// What errors of several tensors have in common if they have one cause; nil if an error is always said on its own.
  var sharedCause: String? { get }
  /// Whether the same work may succeed later: a disk was full, a file was in use.
  var mayPass: Bool { get }
}

extension IngotError {
  public var constituents: [any IngotError] { [self] }
  public var sharedCause: String? { nil }
  public var mayPass: Bool { false }
}

/// An error in one file, worded after the file's name.
public struct LocatedError: IngotError {
  /// The file as the user named it.
  public let path: String
  public let reason: any IngotError

  public init(path: String, reason: any IngotError) {
    self.path = path
    self.reason = reason
  }

  public var category: ErrorCategory { reason.category }
  public var mayPass: Bool { reason.mayPass }
  public var description: String { "\(path.escapedForDisplay): \(reason)" }
  public var constituents: [any IngotError] { reason.constituents.map { LocatedError(path: path, reason: $0) } }
  public var sharedCause: String? { reason.sharedCause.map { "\(path): \($0)" } }
}

extension LocatedError {
  /// Runs `body`, and names the file at `path` in its error.
  public static func naming<Value, Failure: IngotError>(
    _ path: String, _ body: () throws(Failure) -> Value
  ) throws(LocatedError) -> Value {
    do {
      return try body()
    } catch {
      throw LocatedError(path: path, reason: error)
    }
  }
}

/// Several problems that were found before any work began, the cause first, one to a line.
public struct ProblemList: IngotError {
  /// The problems in the order they were found; never empty.
  public let problems: [any IngotError]
  /// At most this many are worded; the rest are counted.
  public static let shownCount = 5

  public init(_ problems: [any IngotError]) {
    self.problems = problems
  }

  public var category: ErrorCategory { problems.first?.category ?? .input }
  public var mayPass: Bool { problems.allSatisfy(\.mayPass) }
  public var constituents: [any IngotError] { problems.flatMap(\.constituents) }

  public var description: String { lines(listsAll: false).joined(separator: "\n") }

  /// A line for each problem, or for each of the first and the count of the others.
  public func lines(listsAll: Bool) -> [String] {
    if listsAll { return constituents.map(\.description) }
    let groups = groups
    var lines = groups.prefix(Self.shownCount).map { group in
      group.count == 1
        ? group.first.description
        : "\(group.first), and so \(counted(group.count - 1, "more tensor")) (--verbose lists them)"
    }
    let rest = groups.dropFirst(Self.shownCount).reduce(0) { $0 + $1.count }
    if rest > 0 { lines.append("… and \(counted(rest, "more problem")) (--verbose lists them)") }
    return lines
  }

  /// The problems in order; those with one cause are counted where the first of them is.
  private var groups: [(first: any IngotError, count: Int)] {
    var groups: [(first: any IngotError, count: Int)] = []
    var places: [String: Int] = [:]
    for problem in problems {
      if let cause = problem.sharedCause {
        if let place = places[cause] {
          groups[place].count += 1
          continue
        }
        places[cause] = groups.count
      }
      groups.append((problem, 1))
    }
    return groups
  }
}
