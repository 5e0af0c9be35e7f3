import ArgumentParser
import Ingot

/// The tokens that a model is run on: ids, or a text for the model's tokenizer.
struct TokenOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Token ids, separated by commas.", valueName: "ids"))
  var tokens: TokenList?

  @Option(help: "Text, encoded by the model's tokenizer.")
  var text: String?

  @Option(help: ArgumentHelp("File with the text.", valueName: "file"), completion: .file())
  var file: String?

  @Option(parsing: .unconditional, help: ArgumentHelp("Tokens per chunk. (default: 512)", valueName: "count"))
  var context: Int?

  func validate() throws {
    guard [tokens != nil, text != nil, file != nil].count(where: { $0 }) <= 1 else {
      throw ValidationError("expected only one of --tokens, --text and --file")
    }
    if let context, context < 2 { throw ValidationError("--context is \(context), expected 2 or more") }
  }

  /// Whether any tokens are given.
  var isGiven: Bool { tokens != nil || text != nil || file != nil }

  /// The text, if one was given.
  func givenText() throws -> String? { try file.map { try Self.read($0) } ?? text }

  /// The text that two models are compared on: the given one, or without any the bundled one; nil for given ids.
  func evaluationText() throws -> EvaluationText? {
    if let file { return EvaluationText(.file(file), try Self.read(file)) }
    if let text { return EvaluationText(.argument, text) }
    return tokens == nil ? .bundled : nil
  }

  var chunkLength: Int { context ?? 512 }

  /// Adds the name of the file to an error about its text.
  func located<T>(_ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let error as any IngotError where error is EmptyText || error is NothingPredicted {
      guard let file else { throw error }
      throw LocatedError(path: file, reason: error)
    }
  }

  /// Returns the chunks of llama-perplexity for a file, or the bundled text, that fills at least one, otherwise all tokens.
  func chunks(of ids: [Int], start: Int?) -> TokenChunks {
    tokens == nil && text == nil && ids.count >= chunkLength
      ? TokenChunks(asLlamaPerplexity: ids, length: chunkLength, start: start)
      : TokenChunks(ids, length: chunkLength)
  }

  /// The text of a file.
  static func read(_ path: String) throws -> String {
    let bytes = try InputLocation.openFile(path).wholeContent(limit: maximumByteCount)
    guard let text = String(validating: bytes, as: UTF8.self) else { throw NotText(path: path) }
    return text
  }

  /// The greatest size of a text; a pass over so many bytes takes days.
  private static let maximumByteCount = 64 << 20
}

/// A file that should contain text.
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
