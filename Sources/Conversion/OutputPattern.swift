import Bytes

/// The name of an output in which placeholders are replaced: `models/{name}-{ftype}.gguf`.
///
/// `{name}` is the model's name; `{ftype}` and `{outtype}` are the recipe or storage format, in capitals if they are.
public struct OutputPattern: Sendable, Hashable {
  public let text: String

  public init(_ text: String) { self.text = text }

  /// The values of placeholders in one output.
  public struct Values: Sendable, Hashable {
    let name: String, format: String

    /// Replaces the placeholders in the last component of `path`, each once: values are not read again.
    func path(_ path: String) -> String {
      let name = Path.name(of: path)
      var result = "", rest = name[...]
      while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
        // Of several opening braces the last one counts.
        let start = rest[..<close].lastIndex(of: "{") ?? open
        result += rest[..<start]
        result += value(rest[start...close]) ?? String(rest[start...close])
        rest = rest[rest.index(after: close)...]
      }
      result += rest
      return result == name ? path : Path.join(Path.folder(of: path), result)
    }

    private func value(_ placeholder: Substring) -> String? {
      switch placeholder {
      case "{name}": name
      case "{ftype}", "{outtype}": format.lowercased()
      case "{FTYPE}", "{OUTTYPE}": format.uppercased()
      default: nil
      }
    }
  }

  private static let formats = ["{ftype}", "{FTYPE}", "{outtype}", "{OUTTYPE}"]

  /// Throws unless outputs of several types can be named by the pattern.
  public func requireDistinguishingTypes(_ types: [String]) throws(OutputPatternError) {
    let name = Path.name(of: text), known = ["{name}"] + Self.formats
    for placeholder in known where Path.folder(of: text).contains(placeholder) {
      throw .inFolder(path: text, placeholder: placeholder)
    }
    if OutputFolder(text).exists { return }
    for placeholder in Self.placeholders(in: name) where !known.contains(placeholder) {
      throw .unknown(path: text, placeholder: placeholder)
    }
    guard types.count == 1 || Self.formats.contains(where: { name.contains($0) }) else {
      throw .sameForAll(path: text, typeCount: types.count)
    }
  }

  private static func placeholders(in name: String) -> [String] {
    var found: [String] = [], start: String.Index?
    for index in name.indices {
      if name[index] == "{" { start = index }
      guard name[index] == "}", let first = start else { continue }
      found.append(String(name[first...index]))
      start = nil
    }
    return found
  }
}

/// A pattern that cannot name several outputs.
public enum OutputPatternError: IngotError, Equatable {
  case unknown(path: String, placeholder: String)
  case inFolder(path: String, placeholder: String)
  case sameForAll(path: String, typeCount: Int)

  public var category: ErrorCategory { .usage }

  public var description: String {
    switch self {
    case .unknown(let path, let placeholder):
      "\(path.escapedForDisplay): placeholder \(placeholder.quoted) is unknown, expected {name}, {ftype} or {FTYPE}"
    case .inFolder(let path, let placeholder):
      "\(path.escapedForDisplay): \(placeholder) is in the name of a folder, expected in that of the file"
    case .sameForAll(let path, let count):
      "\(path.escapedForDisplay): is one name for \(counted(count, "type")) (put {ftype} into it)"
    }
  }
}
