import ArgumentParser
import Ingot

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The outcome of the process; the raw value is the exit status.
enum ExitStatus: Int32, CaseIterable {
  case done = 0
  case checkFailed = 1
  case inputInvalid = 2
  case outputNotWritten = 3
  case usage = 64
  case tryAgain = 75

  /// What the status says, in the words of help pages.
  var meaning: String {
    switch self {
    case .done: "done"
    case .checkFailed: "a comparison, check or budget failed"
    case .inputInvalid: "input unreadable, invalid or unsupported"
    case .outputNotWritten: "output could not be written"
    case .usage: "wrong usage"
    case .tryAgain: "work on a part failed in a way that may pass: try again"
    }
  }

  /// All statuses in one sentence: `0 done; 1 a comparison, …`.
  static var sentence: String { allCases.map { "\($0.rawValue) \($0.meaning)" }.joined(separator: "; ") }

  /// All statuses, a line each.
  static var table: String {
    allCases.map { status in
      let number = "\(status.rawValue)"
      return String(repeating: " ", count: 3 - number.count) + "\(number)  \(status.meaning)"
    }.joined(separator: "\n")
  }

  static func now(_ exit: ExitStatus) -> Never {
    terminate(exit.rawValue)
  }

  init(_ category: ErrorCategory) {
    self =
      switch category {
      case .input: .inputInvalid
      case .output: .outputNotWritten
      case .usage: .usage
      case .check: .checkFailed
      case .temporary: .tryAgain
      }
  }

  /// Writes what `error` has to say to the stream where it belongs.
  ///
  /// A request for help or the version comes as an error too, from `parser`; that text goes to standard output.
  ///
  /// - Parameter listsAll: whether every single problem is listed (`--verbose`).
  init(_ error: any Error, parser: any ParsableCommand.Type, listsAll: Bool = false) {
    switch error {
    case let error as FailedCheck:
      self = ExitStatus(error.category)
    case let error as OutputClosed:
      self = ExitStatus(error.category)
    case let error as any IngotError:
      for error in listsAll ? error.constituents : [error] {
        for line in error.description.split(separator: "\n") { StandardStreams.report(error: String(line)) }
      }
      self = ExitStatus(error.category)
    default:
      self = Self.parsing(error, parser)
    }
  }

  private static func parsing(_ error: any Error, _ parser: any ParsableCommand.Type) -> ExitStatus {
    let text = parser.fullMessage(for: error)
    switch parser.exitCode(for: error) {
    case .success:
      do {
        var output = StandardOutput()
        output.write(text.hasSuffix("\n") ? text : text + "\n")
        try output.flush()
        return .done
      } catch {
        return ExitStatus(error, parser: parser)
      }
    case .validationFailure:
      StandardStreams.report(error: text.withoutPrefix("Error: ").inOurWording)
      return .usage
    default:
      StandardStreams.report(error: "\(error)")
      return .inputInvalid
    }
  }
}

/// A comparison or check whose findings are printed already.
struct FailedCheck: IngotError {
  var category: ErrorCategory { .check }
  var description: String { "a check failed" }
}

extension String {
  fileprivate func withoutPrefix(_ prefix: String) -> String {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self
  }

  /// The first line without capital and full stop; the usage below it stays.
  fileprivate var inOurWording: String {
    var lines = split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard var first = lines.first else { return self }
    if first.hasSuffix(".") { first.removeLast() }
    lines[0] = first.prefix(1).lowercased() + first.dropFirst()
    return lines.joined(separator: "\n")
  }
}

/// `exit(3)`, which `ExitStatus.now` cannot call by its own name.
private func terminate(_ status: Int32) -> Never { exit(status) }
