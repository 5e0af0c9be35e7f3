import ArgumentParser
import Ingot

/// The tokens a model is run on: ids, or a text and the model's own tokenizer.
struct TokenOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Token ids, separated by commas.", valueName: "ids"))
  var tokens: TokenList?

  @Option(help: "Text, encoded by the model's tokenizer.")
  var text: String?

  @Option(help: ArgumentHelp("File with the text.", valueName: "file"))
  var file: String?

  @Option(help: ArgumentHelp("Tokens per chunk. (default: 512)", valueName: "count"))
  var context: Int?

  func validate() throws {
    guard [tokens != nil, text != nil, file != nil].count(where: { $0 }) <= 1 else {
      throw ValidationError("expected only one of --tokens, --text and --file")
    }
    if let context, context < 2 { throw ValidationError("--context is \(context), expected 2 or more") }
  }

  /// Whether there is anything to run on.
  var isGiven: Bool { tokens != nil || text != nil || file != nil }

  /// The text, if that is what was given.
  func givenText() throws -> String? { try file.map { try Self.read($0) } ?? text }

  /// The length of a window.
  var windowLength: Int { context ?? 512 }

  /// The windows a comparison looks at: those of llama-perplexity for a file that fills at least one, otherwise all
  /// tokens.
  func windows(of ids: [Int], start: Int?) -> TokenChunks {
    file != nil && ids.count >= windowLength
      ? TokenChunks(asLlamaPerplexity: ids, length: windowLength, start: start)
      : TokenChunks(ids, length: windowLength)
  }

  /// The text of a file.
  static func read(_ path: String) throws -> String {
    let bytes = try InputLocation.openFile(path).wholeContent(limit: maximumByteCount)
    guard let text = String(validating: bytes, as: UTF8.self) else { throw NotText(path: path) }
    return text
  }

  /// A text to run a model on may have this many bytes; a pass over them takes days.
  private static let maximumByteCount = 64 << 20
}

/// A file was expected to hold text.
struct NotText: IngotError {
  let path: String
  var category: ErrorCategory { .input }
  var description: String { "\(path.escapedForDisplay): is not UTF-8 text" }
}

/// `1,2,3`: the ids of tokens.
struct TokenList: ExpressibleByArgument {
  let ids: [Int]

  init?(argument: String) {
    var ids: [Int] = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let id = Int(part.filter { $0 != " " }), id >= 0 else { return nil }
      ids.append(id)
    }
    self.ids = ids
  }
}
