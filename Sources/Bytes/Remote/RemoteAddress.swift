/// The address of a file on a web server, or of a model or one of its files on the Hugging Face hub.
///
/// `https://host/file`, `hf:org/repo`, `hf:org/repo@revision`, `hf:org/repo@revision/file`. Addresses of the hub's web pages
/// are read as those of the files they show.
enum RemoteAddress: Hashable, Sendable {
  case web(String)
  case hub(HubRepository, name: String)

  /// Reads an address; nil for the path of a local file.
  ///
  /// - Throws: `FileError.remote` if it begins like an address and names nothing.
  init?(_ path: String) throws(FileError) {
    if let rest = Self.rest(of: path, after: "hf:") {
      guard let address = Self.hub(rest.hasPrefix("//") ? rest.dropFirst(2) : rest) else {
        throw .remote(path: path, .address(expected: "hf:org/repo, hf:org/repo@revision or hf:org/repo/file"))
      }
      self = address
    } else if let rest = Self.rest(of: path, after: "https://") ?? Self.rest(of: path, after: "http://") {
      guard !rest.isEmpty, !rest.hasPrefix("/"), path.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
        throw .remote(path: path, .address(expected: "https://host/file, with spaces as %20"))
      }
      self = Self.hubPage(path) ?? .web(path)
    } else {
      return nil
    }
  }

  /// Whether `path` names something on a server; false for local paths.
  static func isAddress(_ path: String) -> Bool {
    // Every path is asked, and few begin so.
    path.utf8.first == UInt8(ascii: "h")
      && ["hf:", "https://", "http://"].contains { rest(of: path, after: $0) != nil }
  }

  private static func rest(of path: String, after scheme: String) -> Substring? {
    path.hasPrefix(scheme) ? path.dropFirst(scheme.count) : nil
  }

  /// `org/repo[@revision][/file]`, where the revisions of pull requests (`refs/pr/1`) have slashes.
  private static func hub(_ text: Substring) -> RemoteAddress? {
    var parts = text.split(separator: "/", omittingEmptySubsequences: false)
    if parts.last == "" { parts.removeLast() }
    guard parts.count >= 2 else { return nil }
    let organization = parts.removeFirst()
    let second = parts.removeFirst().split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    var revision: String?
    if second.count > 1 {
      var name = String(second[1])
      if name == "refs", parts.count >= 2 {
        name += "/" + parts.removeFirst() + "/" + parts.removeFirst()
      }
      revision = name.decodingPercent
    }
    return repository(organization, second[0], revision, parts)
  }

  /// The address of a page or file of the hub: `/org/repo`, or `/org/repo/blob/revision/file`.
  private static func hubPage(_ address: String) -> RemoteAddress? {
    let servers = [HubSettings.environment.endpoint, "https://huggingface.co", "https://hf.co"]
    guard let server = servers.first(where: { address.hasPrefix($0 + "/") }) else { return nil }
    let path = address.dropFirst(server.count + 1).prefix { $0 != "?" && $0 != "#" }
    var parts = path.split(separator: "/").map { Substring(String($0).decodingPercent) }
    guard parts.count >= 2, !["datasets", "spaces", "api", "models"].contains(parts[0]) else { return nil }
    let organization = parts.removeFirst(), name = parts.removeFirst()
    guard !parts.isEmpty else { return repository(organization, name, nil, []) }
    guard ["blob", "resolve", "raw", "tree"].contains(parts.removeFirst()), !parts.isEmpty else { return nil }
    return repository(organization, name, String(parts.removeFirst()), parts)
  }

  private static func repository(
    _ organization: Substring, _ name: Substring, _ revision: String?, _ file: [Substring]
  ) -> RemoteAddress? {
    let characters = /[A-Za-z0-9][A-Za-z0-9._\-]*/
    guard organization.wholeMatch(of: characters) != nil, name.wholeMatch(of: characters) != nil,
      revision != "", !file.contains("") && !file.contains(".") && !file.contains("..")
    else { return nil }
    return .hub(
      HubRepository(name: "\(organization)/\(name)", revision: revision ?? "main"), name: file.joined(separator: "/"))
  }
}

extension String {
  /// The text with `%20` and the like as the bytes that they mean.
  fileprivate var decodingPercent: String {
    var bytes: [UInt8] = []
    var rest = utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2, let code = UInt8(Substring(rest.prefix(2)), radix: 16) {
        bytes.append(code)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The text as a path in an address: all but letters, digits and `-._~/` as `%XX`.
  ///
  /// - Parameter keepsSlash: false to make a single component of the whole text.
  func percentEncoded(keepsSlash: Bool = true) -> String {
    var text = ""
    for byte in utf8 {
      let character = Character(Unicode.Scalar(byte))
      let isKept = byte < 0x80 && (character.isLetter || character.isNumber || "-._~".contains(character))
      if isKept || keepsSlash && byte == UInt8(ascii: "/") {
        text.append(character)
      } else {
        text += "%" + byte.hexadecimal.uppercased()
      }
    }
    return text
  }
}
