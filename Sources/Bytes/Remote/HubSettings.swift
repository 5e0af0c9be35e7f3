import HTTP

/// Where the hub is and who asks, by the variables of its own library.
struct HubSettings: Sendable {
  /// The server, without a slash at the end (`HF_ENDPOINT`).
  let endpoint: String
  /// What private models ask for (`HF_TOKEN`, or the file that `hf auth login` writes).
  let token: String?
  /// The folder of models that were downloaded before (`HF_HUB_CACHE`, or `hub` in `HF_HOME`).
  let cache: String
  /// Whether only that folder is read (`HF_HUB_OFFLINE`).
  let isOffline: Bool

  /// A token is a line of text.
  private static let maximumTokenByteCount = 1 << 12

  /// The settings of the program's environment.
  static let environment = HubSettings(HTTPSettings.variable)

  init(_ variable: (String) -> String?) {
    let caches = variable("XDG_CACHE_HOME") ?? Path.join(variable("HOME") ?? "/", ".cache")
    let home = variable("HF_HOME") ?? Path.join(caches, "huggingface")
    var endpoint = variable("HF_ENDPOINT") ?? "https://huggingface.co"
    while endpoint.hasSuffix("/") { endpoint.removeLast() }
    self.endpoint = endpoint
    cache = variable("HF_HUB_CACHE") ?? variable("HUGGINGFACE_HUB_CACHE") ?? Path.join(home, "hub")
    token =
      variable("HF_TOKEN") ?? variable("HUGGING_FACE_HUB_TOKEN")
      ?? Self.savedToken(variable("HF_TOKEN_PATH") ?? Path.join(home, "token"))
    isOffline = ["1", "on", "yes", "true"].contains(variable("HF_HUB_OFFLINE")?.lowercased())
  }

  private static func savedToken(_ path: String) -> String? {
    guard let bytes = try? LocalFile(path).wholeContent(limit: maximumTokenByteCount) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    let token = text.split(whereSeparator: \.isWhitespace).first.map { String($0) }
    return token?.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } == true ? token : nil
  }

  /// The header fields of requests to the hub.
  var fields: [String] { token.map { ["Authorization: Bearer \($0)"] } ?? [] }
}
