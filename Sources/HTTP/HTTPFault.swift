/// What is wrong with an answer, or why there was none.
public enum HTTPFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// The system has no libcurl.
  case noLibrary
  /// The program cannot load libraries.
  case staticProgram
  /// The server could not be reached, or the connection broke; libcurl's words.
  case connection(String)
  /// The address has no form that a server could answer, or leads from https to http.
  case address(String)
  /// An answer with a status that gives no content; the server's own words, if it sent any.
  case status(Int, reason: String?)
  /// The server sends a file only whole, which is `byteCount` bytes, if known.
  case noRanges(byteCount: Int?)
  /// The file is another than it was at the start.
  case changed
  /// An answer that breaks the rules of HTTP, such as other bytes than those asked for.
  case invalid(String)
  /// More bytes than an answer of its kind may have.
  case tooLarge(limit: Int)

  /// Whether the same request may succeed later.
  public var isPassing: Bool {
    switch self {
    case .connection: true
    case .status(let status, _): status == 408 || status == 429 || status >= 500
    case .noLibrary, .staticProgram, .address, .noRanges, .changed, .invalid, .tooLarge: false
    }
  }

  public var description: String {
    switch self {
    case .noLibrary: "remote files need libcurl, which is not installed (install libcurl4 or curl)"
    case .staticProgram:
      "remote files need libcurl, which a program without shared libraries cannot load (use a build from source, or a package "
        + "made with LINK=glibc)"
    case .connection(let reason): "cannot be read: \(reason)"
    case .address(let reason): "cannot be read: \(reason)"
    case .status(401, let reason):
      "needs a login, or does not exist\(Self.quoting(reason)) (set HF_TOKEN for files that only some may read)"
    case .status(403, let reason):
      "may not be read by you\(Self.quoting(reason)) (a model of the hub: accept its terms on its page, or set another HF_TOKEN)"
    case .status(404, let reason), .status(410, let reason): "does not exist on the server\(Self.quoting(reason))"
    case .status(429, let reason): "the server answers no more requests for now\(Self.quoting(reason)) (try later)"
    case .status(let status, let reason): "the server answers with status \(status)\(Self.quoting(reason))"
    case .noRanges(let byteCount):
      "the server sends files only whole"
        + (byteCount.map { ", this one has \($0) bytes" } ?? "") + " (download it and name the local file)"
    case .changed: "changed on the server while it was read; the output was discarded"
    case .invalid(let reason): "the server's answer is invalid: \(reason)"
    case .tooLarge(let limit): "the server sends more than \(limit) bytes for a listing"
    }
  }

  private static func quoting(_ reason: String?) -> String { reason.map { ": \($0)" } ?? "" }
}
