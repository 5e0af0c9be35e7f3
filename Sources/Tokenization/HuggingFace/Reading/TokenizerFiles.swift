import Bytes
import Tensors

/// The files of a model folder that describe a tokenizer, each read once.
public struct TokenizerFiles: Sendable {
  /// `tokenizer.model`: a SentencePiece model.
  public var sentencePiece: [UInt8]?
  /// `spiece.model`: a SentencePiece model under T5's name.
  public var unigramModel: [UInt8]?
  /// `vocab.txt`: the word pieces of BERT, one per line.
  public var vocabularyLines: [UInt8]?
  /// `tokenizer.json`: the whole tokenizer as the `tokenizers` library writes it.
  public var tokenizer: JSON?
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
  /// Whether `tekken.json`, Mistral's tokenizer format, exists.
  public var hasTekken = false
  /// What of the files is not JSON and was read as Python reads it, except in config.json.
  public var remarks: [String] = []

  public init() {}

  /// The maximum bytes of one of these files.
  static let fileByteLimit = 256 << 20

  /// Reads the files that exist in `folder`; missing files are nil.
  ///
  /// - Throws: `FileError` or `ContentTooLarge` for a file that cannot be read, `LocatedError` of a `JSONError` for
  ///   invalid JSON.
  public init(_ folder: any FileTree) throws {
    func bytes(_ name: String) throws -> [UInt8]? {
      guard folder.hasFile(name) else { return nil }
      return try folder.open(name).wholeContent(limit: Self.fileByteLimit)
    }
    var remarks: [String] = []
    func json(_ name: String) throws -> JSON? {
      guard let content = try bytes(name) else { return nil }
      do throws(JSONError) {
        let (value, exceptions) = try JSON.parsingAsPython(content)
        if name != "config.json" { remarks += exceptions.map { "\(name): \($0)" } }
        return value
      } catch {
        throw LocatedError(path: folder.path(of: name), reason: error)
      }
    }
    sentencePiece = try bytes("tokenizer.model")
    unigramModel = try bytes("spiece.model")
    tokenizer = try json("tokenizer.json")
    configuration = try json("tokenizer_config.json")
    specialTokensMap = try json("special_tokens_map.json")
    addedTokens = try json("added_tokens.json")
    model = try json("config.json")
    generation = try json("generation_config.json")
    chatTemplate = try bytes("chat_template.jinja")
    chatTemplateJSON = try json("chat_template.json")
    hasTekken = folder.hasFile("tekken.json")
    if tokenizer == nil {
      vocabulary = try json("vocab.json")
      merges = try bytes("merges.txt")
      vocabularyLines = try bytes("vocab.txt")
    }
    self.remarks = remarks
    let additional = "additional_chat_templates"
    guard folder.kind(of: additional) == .folder else { return }
    for name in try folder.names(in: additional) where name.hasSuffix(".jinja") {
      guard let content = try bytes(Path.join(additional, name)) else { continue }
      additionalChatTemplates.append(
        ChatTemplate(name: String(name.dropLast(".jinja".count)), text: Self.text(content)))
    }
  }

  /// Whether any file contains a vocabulary.
  public var hasVocabulary: Bool {
    sentencePiece != nil || unigramModel != nil || tokenizer != nil || vocabulary != nil || vocabularyLines != nil
  }

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
