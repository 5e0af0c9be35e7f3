import Bytes
import Tensors

/// The files of a model folder that describe a tokenizer, each read once.
public struct TokenizerFiles: Sendable {
  /// `tokenizer.model`: a SentencePiece model.
  public var sentencePiece: [UInt8]?
  /// `spiece.model`: a SentencePiece model under T5's name.
  public var unigramModel: [UInt8]?
  /// `sentencepiece.bpe.model`: a SentencePiece model whose pieces have other ids in the vocabulary (fairseq).
  public var fairseqModel: [UInt8]?
  /// `vocab.txt`: the word pieces of BERT, one per line.
  public var vocabularyLines: [UInt8]?
  /// `tokenizer.json`: the whole tokenizer as the `tokenizers` library writes it, or one made of ranked tokens.
  public var tokenizer: JSON?
  /// The file that `tokenizer` comes from.
  public var tokenizerFile = "tokenizer.json"
  /// The program whose ranked tokens `tokenizer` is made of; nil for a `tokenizer.json` of its own.
  var rankedFamily: RankedFamily?
  /// The version of the special tokens and prompts of `tekken.json`, such as `v3`.
  var tekkenVersion: String?
  /// `tokenizer_config.json`: class, special tokens, chat template.
  public var configuration: JSON?
  /// `special_tokens_map.json`: special tokens, too.
  public var specialTokensMap: JSON?
  /// `added_tokens.json`: texts and ids of tokens after the vocabulary.
  public var addedTokens: JSON?
  /// `vocab.json`: texts and ids of a byte-level vocabulary.
  public var vocabulary: JSON?
  /// `merges.txt`: the merges of a byte-level vocabulary, one per line.
  public var merges: [UInt8]?
  /// `config.json`: the model's hyperparameters.
  public var model: JSON?
  /// `generation_config.json`.
  public var generation: JSON?
  /// `chat_template.jinja`.
  public var chatTemplate: [UInt8]?
  /// `chat_template.json`: an object with the member `chat_template`.
  public var chatTemplateJSON: JSON?
  /// `additional_chat_templates/NAME.jinja`, by name.
  public var additionalChatTemplates: [ChatTemplate] = []
  /// What of the files is not JSON and was read as Python reads it, except in config.json.
  public var remarks: [String] = []
  /// A vocabulary in a form that is not read.
  public var unreadVocabulary: UnreadVocabulary?

  public init() {}

  /// A file with a vocabulary in a form that is not read.
  public struct UnreadVocabulary: Sendable {
    /// The name of the file.
    public let file: String
    /// The form, as a predicate.
    public let fact: String
  }

  /// The maximum bytes of one of these files.
  static let fileByteLimit = 256 << 20

  /// Reads the files that exist in `folder`; missing files are nil.
  ///
  /// - Parameter check: throws for content that is not a tokenizer's, such as a web page.
  /// - Throws: `FileError` or `ContentTooLarge` for a file that cannot be read, `LocatedError` of a `JSONError` for
  ///   invalid JSON.
  public init(
    _ folder: any FileTree, check: (_ content: [UInt8], _ path: String) throws -> Void = { _, _ in }
  ) throws {
    func bytes(_ name: String, mayBeEmpty: Bool = false) throws -> [UInt8]? {
      guard folder.hasFile(name) else { return nil }
      let content = try folder.open(name).wholeContent(limit: Self.fileByteLimit)
      if !mayBeEmpty || !content.isEmpty { try check(content, folder.path(of: name)) }
      return content
    }
    var remarks: [String] = []
    func json(_ name: String) throws -> JSON? {
      guard let content = try bytes(name) else { return nil }
      do throws(JSONError) {
        let (value, exceptions) = try JSON.parsingAsPython(content)
        if name != "config.json" { remarks += exceptions.map { "\(name): \($0)" } }
        return value
      } catch {
        let reason: any IngotError = RankedTokens.isTiktoken(content) ? VocabularyError.tiktokenForJSON : error
        throw LocatedError(path: folder.path(of: name), reason: reason)
      }
    }
    func pieces(_ name: String) throws -> [UInt8]? {
      let content = try bytes(name)
      guard content?.first != UInt8(ascii: "{") else {
        throw LocatedError(path: folder.path(of: name), reason: VocabularyError.jsonForSentencePiece)
      }
      return content
    }
    sentencePiece = try pieces("tokenizer.model")
    unigramModel = try pieces("spiece.model")
    fairseqModel = try pieces("sentencepiece.bpe.model")
    tokenizer = try json("tokenizer.json")
    configuration = try json("tokenizer_config.json")
    specialTokensMap = try json("special_tokens_map.json")
    addedTokens = try json("added_tokens.json")
    model = try json("config.json")
    generation = try json("generation_config.json")
    chatTemplate = try bytes("chat_template.jinja", mayBeEmpty: true)
    chatTemplateJSON = try json("chat_template.json")
    try readRanks(folder, bytes: { try bytes($0) }, json: json)
    if tokenizer == nil {
      vocabulary = try json("vocab.json")
      merges = try bytes("merges.txt")
      vocabularyLines = try bytes("vocab.txt")
      if unreadVocabulary == nil { unreadVocabulary = Self.unread(try folder.names(in: "")) }
    }
    self.remarks = remarks
    let additional = "additional_chat_templates"
    guard folder.kind(of: additional) == .folder else { return }
    for name in try folder.names(in: additional) where name.hasSuffix(".jinja") {
      guard let content = try bytes(Path.join(additional, name), mayBeEmpty: true) else { continue }
      additionalChatTemplates.append(
        ChatTemplate(name: String(name.dropLast(".jinja".count)), text: Self.text(content)))
    }
  }

  /// Whether any file contains a vocabulary.
  public var hasVocabulary: Bool {
    sentencePiece != nil || unigramModel != nil || fairseqModel != nil || tokenizer != nil || vocabulary != nil
      || vocabularyLines != nil || unreadVocabulary != nil
  }

  /// The first of `names` that is known to have a vocabulary in another form.
  private static func unread(_ names: [String]) -> UnreadVocabulary? {
    for name in names.sorted() {
      let fact: String? =
        switch name {
        case "sentencepiece.bpe.model": "is the SentencePiece model of an architecture that is not read"
        case _ where name.hasPrefix("tokenizer.model."): "is a SentencePiece model with a version in its name"
        default: nil
        }
      if let fact { return UnreadVocabulary(file: name, fact: fact) }
    }
    return nil
  }

  /// One more than the greatest id of a token in any file: the size of a vocabulary that no model comes with.
  public var idLimit: Int {
    var limit = vocabularyLines.map { $0.split(separator: 0x0A, omittingEmptySubsequences: false).count - 1 } ?? 0
    func take(_ id: Int?) { if let id, id < Int.max { limit = max(limit, id + 1) } }
    for bytes in [sentencePiece, unigramModel, fairseqModel] {
      if let bytes, let model = try? SentencePieceModel(bytes) { limit = max(limit, model.pieces.count) }
    }
    for ids in [tokenizer?["model"]?["vocab"]?.object, vocabulary?.object, addedTokens?.object] {
      for (_, id) in ids ?? [:] { take(id.integer) }
    }
    limit = max(limit, tokenizer?["model"]?["vocab"]?.array?.count ?? 0)
    for entry in tokenizer?["added_tokens"]?.array ?? [] { take(entry["id"]?.integer) }
    for (key, _) in configuration?["added_tokens_decoder"]?.object ?? [:] { take(Int(key.text)) }
    return limit
  }

  /// The most rows of an embedding that are believed for these files: more than padding adds come from a broken configuration.
  public var rowLimit: Int {
    // A piece of a SentencePiece model has three bytes or more.
    let pieceCounts = [sentencePiece, unigramModel, fairseqModel].map { ($0?.count ?? 0) / 3 }
    let vocab = tokenizer?["model"]?["vocab"]
    let counts = [
      vocab?.object?.count, vocab?.array?.count, vocabulary?.object?.count, vocabularyLines.map { $0.count / 2 },
    ]
    return max(Self.paddedRowCount, 4 * (pieceCounts + counts.map { $0 ?? 0 }).reduce(0, max))
  }

  /// That of the largest vocabularies there are, so that the tokens of a small one need not be counted.
  private static let paddedRowCount = 1 << 18

  /// The text of a file with `\n` line ends, as Python reads text files.
  static func text(_ bytes: [UInt8]) -> String {
    var content: [UInt8] = []
    content.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      if bytes[index] == 0x0D {
        content.append(0x0A)
        if index + 1 < bytes.count, bytes[index + 1] == 0x0A { index += 1 }
      } else {
        content.append(bytes[index])
      }
      index += 1
    }
    return String(decoding: content, as: UTF8.self)
  }
}
