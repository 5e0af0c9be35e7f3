import Ingot

/// A key and the text of the value that it is set to: two words, or `KEY=VALUE`, where a value `@FILE` is in a file.
struct MetadataAssignment {
  let key: String
  let text: String

  /// How the words after a path are read.
  enum Form {
    /// A key, and a value or a file.
    case pair
    /// Any number of `KEY=VALUE`.
    case assignments
    /// Neither.
    case invalid(String)

    init(_ words: [String], hasFile: Bool) {
      let assigns = words.map(Self.isAssignment)
      if words.count == (hasFile ? 1 : 2), !assigns[0] {
        self = .pair
      } else if !hasFile, assigns.allSatisfy(\.self) {
        self = .assignments
      } else if hasFile {
        self = .invalid("with --from-file expected one key and no value")
      } else if words.count == 1 {
        self = .invalid("expected either a value or --from-file")
      } else {
        let word = zip(words, assigns).first { !$1 }?.0 ?? ""
        self = .invalid("\(word.quoted) is not KEY=VALUE, expected a key and a value, or KEY=VALUE for each key")
      }
    }

    /// Keys have no `=`.
    private static func isAssignment(_ word: String) -> Bool {
      word.firstIndex(of: "=").map { $0 != word.startIndex } ?? false
    }

    var error: String? { if case .invalid(let error) = self { error } else { nil } }
  }

  /// The assignments in `words`, with the contents of files.
  ///
  /// - Throws: for a file that cannot be read or is not text, and for a key that is set twice.
  static func all(_ words: [String], fromFile: String?) throws -> [MetadataAssignment] {
    if let fromFile { return [MetadataAssignment(key: words[0], text: try contents(of: fromFile))] }
    guard case .assignments = Form(words, hasFile: false) else {
      return [MetadataAssignment(key: words[0], text: words[1])]
    }
    var assignments: [MetadataAssignment] = []
    for word in words {
      guard let sign = word.firstIndex(of: "=") else { continue }
      let key = String(word[..<sign]), value = String(word[word.index(after: sign)...])
      guard !assignments.contains(where: { $0.key == key }) else { throw RepeatedKey(key: key) }
      let text = value.hasPrefix("@") && value.count > 1 ? try contents(of: String(value.dropFirst())) : value
      assignments.append(MetadataAssignment(key: key, text: text))
    }
    return assignments
  }

  /// The text of a file, or of standard input for `-`.
  private static func contents(of path: String) throws -> String {
    let bytes =
      try path == "-"
      ? StandardInput.read(limit: GGUF.maximumStringByteCount)
      : InputLocation.openFile(path).wholeContent(limit: GGUF.maximumStringByteCount)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw NotUTF8(path: path == "-" ? "standard input" : path)
    }
    return text
  }
}

extension Metadata {
  /// The id of the token that `text` spells, if `key` is that of a token's id and `text` is not a number.
  ///
  /// - Throws: if the vocabulary has no such token.
  func idText(of text: String, for key: String, path: String) throws -> String {
    guard Vocabulary.role(ofIDKey: key) != nil, Int(text) == nil else { return text }
    let isQuoted = text.count > 2 && text.hasPrefix("\"") && text.hasSuffix("\"")
    let tokens = self["tokenizer.ggml.tokens"]?.strings ?? []
    let candidates = isQuoted ? [text, String(text.dropFirst().dropLast())] : [text]
    for candidate in candidates {
      if let id = tokens.firstIndex(where: { $0.elementsEqual(candidate.utf8) }) { return "\(id)" }
    }
    throw UnknownToken(path: path, key: key, text: text, tokenCount: tokens.count)
  }
}

/// A key that is set twice.
struct RepeatedKey: IngotError {
  let key: String
  var category: ErrorCategory { .usage }
  var description: String { "key \(key.quoted) is set twice (keep one of the values)" }
}

/// The text of a token that the vocabulary does not have.
struct UnknownToken: IngotError {
  let path: String
  let key: String
  let text: String
  let tokenCount: Int
  var category: ErrorCategory { .usage }
  var description: String {
    "\(path.escapedForDisplay): key \(key.quoted): no token has the text \(text.quoted), expected an id or one of the "
      + "\(counted(tokenCount, "token")) of the vocabulary"
  }
}

/// A file that is not text.
struct NotUTF8: IngotError {
  let path: String
  var category: ErrorCategory { .input }
  var description: String { "\(path.escapedForDisplay): is not UTF-8, expected a text" }
}
