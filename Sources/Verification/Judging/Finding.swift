import Bytes

/// Something that a comparison or a check has to say about one place.
public struct Finding: Sendable, Hashable, CustomStringConvertible {
  /// How much it matters.
  public enum Severity: String, Sendable, Hashable, CaseIterable {
    /// The comparison or check fails.
    case error
    /// Worth a look; nothing fails.
    case warning
    /// What was done or left out, for completeness.
    case note
  }

  /// How much it matters.
  public let severity: Severity
  /// Which check found it: `diff.values`, `verify.kl`.
  public let check: String
  /// What it is about: a tensor, a layer, a key, a file.
  public let place: String
  /// The fact, and what was expected.
  public let message: String

  /// Collects the parts.
  public init(_ severity: Severity, _ check: String, place: String, _ message: String) {
    self.severity = severity
    self.check = check
    self.place = place
    self.message = message
  }

  /// `layer 1 attention query: …`, safe to print.
  public var description: String { "\(place.escapedForDisplay): \(message)" }

  /// The finding as an entry of a report's `findings`.
  public var json: JSON {
    .members([
      "severity": .string(severity.rawValue), "check": .string(check), "place": .string(place),
      "message": .string(message),
    ])
  }
}

extension [Finding] {
  /// Whether none of them is an error.
  public var pass: Bool { !contains { $0.severity == .error } }

  /// The findings as a JSON array.
  public var json: JSON { .array(map(\.json)) }

  /// Severity, check, place and message, a row each.
  public var table: ReportTable {
    ReportTable(
      columns: [.left("severity"), .left("check"), .left("place"), .left("message")],
      rows: map { [$0.severity.rawValue, $0.check, $0.place.escapedForDisplay, $0.message] })
  }
}
