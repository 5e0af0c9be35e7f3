import Ingot

/// The tokens of a text, which is read and printed part by part.
struct TokenListing {
  let opening: VocabularyOpening
  let tokenizer: Tokenizer
  /// The text, or the file that contains it.
  let text: String?, file: String?
  let addsSpecialTokens: Bool
  let matching: SpecialTokenMatching

  private var vocabulary: Vocabulary { tokenizer.vocabulary }

  /// The bytes of a file that are read at once.
  private static let partByteCount = 1 << 20
  /// The bytes that may come between two places where a text can be cut.
  private static let pendingByteLimit = 64 << 20

  /// Calls `body` with the ids, a part after the other.
  private func forEachPart(_ body: ([Int]) -> Void) throws {
    let template = addsSpecialTokens ? vocabulary.effectiveTemplate : SpecialTokenTemplate()
    if !template.prefix.isEmpty { body(template.prefix) }
    var stream = TokenStream(tokenizer, matching: matching)
    func take(_ ids: [Int]?) throws {
      guard let ids else { throw NotText(path: file ?? "--text") }
      if !ids.isEmpty { body(ids) }
    }
    if let text { try take(stream.append(text.utf8)) }
    if let file {
      let source = try InputLocation.openFile(file)
      var offset = 0
      while offset < source.byteCount {
        let count = min(Self.partByteCount, source.byteCount - offset)
        try take(stream.append(source.bytes(at: offset, count: count)))
        offset += count
        guard stream.pendingByteCount <= Self.pendingByteLimit else {
          throw TextWithoutWords(path: file, limit: Self.pendingByteLimit)
        }
      }
    }
    try take(stream.finish())
    if !template.suffix.isEmpty { body(template.suffix) }
  }

  private func piece(_ id: Int) -> String { vocabulary.text(of: id) ?? "" }

  /// Writes an id and its piece to a line, and the number of tokens.
  func writeTable(to output: inout StandardOutput) throws {
    let width = max(2, String(max(0, vocabulary.count - 1)).count)
    func line(_ id: String, _ piece: String) -> String {
      String(repeating: " ", count: max(0, width - id.count)) + id + "  " + piece + "\n"
    }
    output.write(line("id", "piece"))
    var count = 0
    try forEachPart { ids in
      count += ids.count
      for id in ids { output.write(line("\(id)", piece(id).quoted)) }
    }
    output.write(counted(count, "token") + "\n")
  }

  /// Writes the ids as `--tokens` of other commands takes them.
  func writeIDs(to output: inout StandardOutput) throws {
    var isFirst = true
    try forEachPart { ids in
      for id in ids {
        output.write(isFirst ? "\(id)" : ",\(id)")
        isFirst = false
      }
    }
    output.write("\n")
  }

  /// Writes the document of `docs/json.md`; the text is encoded twice, so that no list of its tokens is kept.
  func writeJSON(to output: inout StandardOutput) throws {
    let head: [(String, JSON)] = [
      ("schema", .string("ingot.tokenize/1")), ("model", .string(opening.path)),
      ("reader", .string(vocabulary.reader.rawValue)), ("kind", .string(vocabulary.kind.rawValue)),
      ("pre_tokenizer", vocabulary.kind == .byteLevel ? .string(vocabulary.preTokenizer) : .null),
      ("vocabulary_size", .integer(vocabulary.count)),
      ("remarks", .array(opening.read.conflicts.map { .string($0.description) })),
    ]
    output.write("{\n")
    for (key, value) in head { output.write("  \(JSON.string(key).text()): \(value.text(.compact)),\n") }
    try writeList("tokens", to: &output) { "\($0)" }
    output.write(",\n")
    try writeList("pieces", to: &output) { JSON.string(piece($0)).text() }
    output.write("\n}\n")
  }

  private func writeList(_ name: String, to output: inout StandardOutput, _ element: (Int) -> String) throws {
    output.write("  \"\(name)\": [")
    var isFirst = true
    try forEachPart { ids in
      for id in ids {
        output.write((isFirst ? "\n    " : ",\n    ") + element(id))
        isFirst = false
      }
    }
    output.write(isFirst ? "]" : "\n  ]")
  }
}

/// A text without a place where it can be cut.
struct TextWithoutWords: IngotError {
  let path: String
  let limit: Int
  var category: ErrorCategory { .input }
  var description: String {
    "\(path.escapedForDisplay): has \(limit.grouped) bytes without a space between two words, expected text with words"
  }
}
