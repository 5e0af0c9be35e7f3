import Bytes
import Models

/// A text that models are run on, and where it comes from.
public struct EvaluationText: Sendable, Hashable {
  /// The origin of a text.
  public enum Origin: Sendable, Hashable {
    case bundled
    /// A file, by the path that the user gave.
    case file(String)
    /// The command line.
    case argument
  }

  public let origin: Origin
  public let content: String
  /// The hexadecimal SHA-256 of its UTF-8 bytes.
  public let sha256: String

  public init(_ origin: Origin, _ content: String) {
    self.origin = origin
    self.content = content
    sha256 = FileDigest.sha256(Array(content.utf8))
  }

  /// The text for users who name none: prose, dialogue, arithmetic, lists and code in several languages.
  ///
  /// It is in the public domain. It was written for this purpose, but for sentences of the Universal Declaration of Human
  /// Rights and of books whose authors died before 1930 (Alighieri, Cervantes, Melville, Tolstoy, Natsume, Proust, Kafka).
  /// Figures can be compared as long as its digest is the same.
  public static let bundled = EvaluationText(
    .bundled, String(decoding: PackageResources.default_text_txt, as: UTF8.self))

  /// `bundled, 5,481 bytes, SHA-256 3f…`
  public var description: String {
    let name =
      switch origin {
      case .bundled: "bundled"
      case .file(let path): path.escapedForDisplay
      case .argument: "--text"
      }
    return "\(name), \(counted(content.utf8.count, "byte")), SHA-256 \(sha256)"
  }

  /// Origin, size and digest, as in a report.
  public var json: JSON {
    let (name, path): (String, JSON) =
      switch origin {
      case .bundled: ("bundled", .null)
      case .file(let path): ("file", .string(path))
      case .argument: ("argument", .null)
      }
    return .members([
      "origin": .string(name), "path": path, "bytes": .integer(content.utf8.count), "sha256": .string(sha256),
    ])
  }
}
