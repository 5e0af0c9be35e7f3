import Bytes

/// A file that a certified conversion read because an option named it, with its digest.
public struct CertifiedInput: Sendable, Hashable {
  /// The option: `--imatrix`.
  public let option: String
  /// The path, as the arguments of the conversion have it.
  public let path: String
  /// 64 hexadecimal digits.
  public let sha256: String

  /// Reads an entry of a certificate; nil if a member is missing.
  init?(_ entry: JSON) {
    self.init(entry, digest: entry["digest"]?["sha256"])
  }

  /// Reads an entry of a receipt; nil if a member is missing.
  init?(receipt entry: JSON) {
    self.init(entry, digest: entry["sha256"])
  }

  private init?(_ entry: JSON, digest: JSON?) {
    guard let option = entry["option"]?.string, let path = entry["path"]?.string, let sha256 = digest?.string else {
      return nil
    }
    self.option = option
    self.path = path
    self.sha256 = sha256
  }

  /// The entry of a certificate.
  var json: JSON {
    .members([
      "option": .string(option), "path": .string(path), "digest": .members(["sha256": .string(sha256)]),
    ])
  }
}
