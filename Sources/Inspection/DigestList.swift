import Architectures
import Bytes
import Models

// A list of digests, as `ingot hash` and `sha256sum` print it:
//
//   64 hexadecimal digits, two spaces (or a space and *), NAME          of a tensor, a model or a file
//   64 hexadecimal digits, two spaces, PATH ", N tensors not included above (first: …)"
//
// Lines of tensors come before the line of their model. Names are escaped for display. Empty lines and lines that begin
// with # are skipped.

/// A list of digests, and what is found of them.
public struct DigestList: Sendable {
  /// A line.
  public struct Line: Sendable, Hashable {
    /// The digits, in lower case.
    public let sha256: String
    /// The name after them.
    public let name: String
  }

  public let path: String
  public let lines: [Line]

  /// The greatest size of a list: a million lines.
  private static let byteLimit = 256 << 20

  /// Reads the list in `file`.
  ///
  /// - Throws: for a line of another form, with its number, and for a list without lines.
  public init(_ file: any ByteSource) throws {
    path = file.path
    let bytes = try file.wholeContent(limit: Self.byteLimit)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw LocatedError(path: file.path, reason: DigestListError.notText)
    }
    var lines: [Line] = []
    // CR LF is one character.
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: { ["\n", "\r\n"].contains($0) })
      .enumerated()
    {
      if line.isEmpty || line.hasPrefix("#") { continue }
      guard let parsed = Line(line) else {
        throw LocatedError(path: file.path, reason: DigestListError.line(index + 1))
      }
      lines.append(parsed)
    }
    guard !lines.isEmpty else { throw LocatedError(path: file.path, reason: DigestListError.empty) }
    self.lines = lines
  }
}

extension DigestList.Line {
  fileprivate init?(_ line: Substring) {
    let digits = line.prefix(64)
    let rest = line.dropFirst(64)
    guard digits.utf8.count == 64, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }),
      rest.hasPrefix("  ") || rest.hasPrefix(" *"), rest.count > 2
    else { return nil }
    self.init(sha256: digits.lowercased(), name: String(rest.dropFirst(2)))
  }
}

/// A file that is not a list of digests.
enum DigestListError: IngotError {
  case notText
  case line(Int)
  case empty

  var category: ErrorCategory { .input }
  var description: String {
    switch self {
    case .notText: "is not UTF-8, expected a list of digests"
    case .line(let number): "line \(number.grouped): expected 64 hexadecimal digits, two spaces and a name"
    case .empty: "has no digests"
    }
  }
}

/// The digests of a list compared with what is there.
public struct DigestListCheck: Sendable {
  /// What a line is the digest of.
  public enum Subject: String, Sendable {
    case tensor, model, others, file
  }

  /// A line and what was found.
  public struct Entry: Sendable {
    public let name: String
    public let subject: Subject
    public let expected: String
    /// The digest that was found; nil if there is nothing of this name.
    public let found: String?
    /// Why nothing was found.
    public let problem: String?

    public var matches: Bool { found == expected }
  }

  public let path: String
  public let entries: [Entry]
  /// Whether every digest matches.
  public var passes: Bool { entries.allSatisfy(\.matches) }

  /// Reads what the lines name and compares the digests.
  ///
  /// - Parameters:
  ///   - model: the checkpoint that the lines are about, instead of the paths in them.
  ///   - digest: reads a checkpoint, and returns nil for a file that is not one.
  public init(_ list: DigestList, of model: String?, digest: (String) throws -> CheckpointDigest) throws {
    path = list.path
    var entries: [Entry] = []
    var pending: [DigestList.Line] = []
    var known: [String: CheckpointDigest] = [:]
    func digests(_ path: String) throws -> CheckpointDigest {
      if let digest = known[path] { return digest }
      let new = try digest(path)
      known[path] = new
      return new
    }
    let folder = Path.folder(of: list.path)
    /// The path that a line means: as it is, or in the folder of the list.
    func located(_ name: String) -> String? {
      [name, Path.join(folder, name)].first { InputLocation.kind(at: $0) != nil }
    }
    for (index, line) in list.lines.enumerated() {
      let othersOf = Self.pathOfOthers(line.name)
      let named = othersOf ?? line.name
      let target = model ?? located(named)
      if othersOf != nil, let target {
        let found = try digests(target).othersSHA256
        entries.append(Entry(line, .others, found: found, problem: found == nil ? "all tensors are included" : nil))
        continue
      }
      // With a model given, its line is the last one that no tensor has the name of.
      let isModelLine =
        model == nil
        ? target != nil
        : try digests(target ?? "").entry(line.name) == nil && index >= list.lines.count - 2
          && list.lines.dropFirst(index + 1).allSatisfy { Self.pathOfOthers($0.name) != nil }
      guard isModelLine, let target else {
        pending.append(line)
        continue
      }
      // Lines of tensors belong to the model after them; others name files that are missing.
      if !pending.isEmpty, let digest = try? digests(target),
        model != nil || pending.contains(where: { digest.entry($0.name) != nil })
      {
        entries += pending.map { Entry($0, .tensor, found: digest.entry($0.name)) }
      } else {
        entries += pending.map { Entry($0, .file, found: nil) }
        if model == nil, InputLocation.kind(at: target) == .regular {
          let found = try FileDigest.sha256(InputLocation.openFile(target))
          // A file alone may have the digest of its bytes or of its model.
          if found == line.sha256 || (try? digests(target)) == nil {
            entries.append(Entry(line, .file, found: found))
            pending = []
            continue
          }
        }
      }
      pending = []
      entries.append(Entry(line, .model, found: try digests(target).sha256))
    }
    if let model, !pending.isEmpty {
      let digest = try digests(model)
      entries += pending.map { Entry($0, .tensor, found: digest.entry($0.name)) }
    } else {
      entries += pending.map { Entry($0, .file, found: nil) }
    }
    self.entries = entries
  }

  /// The path in the line about tensors that the digest of a model leaves out; nil for any other name.
  private static func pathOfOthers(_ name: String) -> String? {
    guard name.hasSuffix(")"), let marker = name.ranges(of: " not included above (first: ").last else { return nil }
    let head = name[..<marker.lowerBound]
    guard let comma = head.lastIndex(of: ","), head[comma...].hasSuffix("tensor") || head[comma...].hasSuffix("tensors")
    else { return nil }
    return String(head[..<comma])
  }
}

extension DigestListCheck.Entry {
  fileprivate init(_ line: DigestList.Line, _ subject: DigestListCheck.Subject, found: String?, problem: String? = nil)
  {
    self.init(
      name: line.name, subject: subject, expected: line.sha256, found: found,
      problem: found == nil ? problem ?? "is not there" : nil)
  }
}

extension CheckpointDigest {
  /// The digest of the tensor that a list calls `name`, which is escaped for display.
  fileprivate func entry(_ name: String) -> String? {
    (entries + others).first { $0.name.text.escapedForDisplay == name }?.sha256
  }
}

extension DigestListCheck {
  /// The result as documented in `docs/json.md`.
  public var json: JSON {
    .members([
      "schema": .string("ingot.hash-check/1"), "path": .string(path), "passes": .bool(passes),
      "entries": .array(
        entries.map { entry in
          .members([
            "name": .string(entry.name), "subject": .string(entry.subject.rawValue),
            "expected": .string(entry.expected), "found": entry.found.map { .string($0) } ?? .null,
            "matches": .bool(entry.matches),
          ])
        }),
    ])
  }
}
