import Bytes

/// A result of a comparison or a check about one subject.
public struct Finding: Sendable, Hashable, CustomStringConvertible {
  /// The effect on the outcome.
  public enum Severity: String, Sendable, Hashable, CaseIterable {
    /// The comparison or check fails.
    case error
    /// Unexpected, but nothing fails.
    case warning
    /// A note about something done or left out.
    case note
  }

  public let severity: Severity
  /// The check that found it: `diff.values`, `verify.kl`.
  public let check: String
  /// The subject: a tensor, a layer, a key, a file.
  public let subject: Subject
  /// The fact, and what was expected.
  public let message: String

  public init(_ severity: Severity, _ check: String, _ subject: Subject, _ message: String) {
    self.severity = severity
    self.check = check
    self.subject = subject
    self.message = message
  }

  /// `layer 1 attention query: …`, safe to print.
  public var description: String { "\(subject.description.escapedForDisplay): \(message)" }

  /// The finding as an entry of a report's `findings`.
  public var json: JSON {
    .members([
      "severity": .string(severity.rawValue), "check": .string(check), "subject": .string(subject.description),
      "message": .string(message),
    ])
  }
}

extension [Finding] {
  /// Whether none of them is an error.
  public var pass: Bool { !contains { $0.severity == .error } }

  /// The findings as a JSON array.
  public var json: JSON { .array(map(\.json)) }

  /// Severity, check, subject and message, a row each.
  public var table: ReportTable {
    ReportTable(
      columns: [.left("severity"), .left("check"), .left("subject"), .left("message")],
      rows: map { [$0.severity.rawValue, $0.check, $0.subject.description.escapedForDisplay, $0.message] })
  }
}
