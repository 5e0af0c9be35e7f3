import Bytes

/// The added tokens of a tokenizer as transformers ends up with them.
///
/// An added token that is in the vocabulary takes that id; any other takes the next id behind all others, whatever id
/// its file gives. Adding a token again changes its properties.
struct AddedTokenTable {
  /// The added tokens by id.
  private(set) var tokens: [Int: AddedToken] = [:]
  private var ids: [ExactString: Int] = [:]
  private let vocabulary: [ExactString: Int]
  /// The text, given id and effective id of each token whose id was not that of its file.
  private(set) var shifted: [(text: String, fileID: Int, effectiveID: Int)] = []

  init(vocabulary: [ExactString: Int]) {
    self.vocabulary = vocabulary
  }

  /// Adds `token`, or changes the properties it had.
  mutating func add(_ token: AddedToken, fileID: Int? = nil) {
    guard !token.text.isEmpty else { return }
    let text = ExactString(token.text)
    let id = ids[text] ?? vocabulary[text] ?? nextID
    if let fileID, fileID != id { shifted.append((token.text, fileID, id)) }
    var placed = token
    placed.id = id
    ids[text] = id
    tokens[id] = placed
  }

  func contains(_ text: String) -> Bool { ids[ExactString(text)] != nil }

  /// The tokens in the order of their ids.
  var sorted: [AddedToken] { tokens.values.sorted { $0.id < $1.id } }

  private var nextID: Int {
    let last = tokens.keys.max() ?? -1
    return last >= vocabulary.count || vocabulary.isEmpty ? last + 1 : vocabulary.count
  }
}

extension FolderReader {
  /// The special tokens that the files name, in transformers' order, with their roles.
  ///
  /// `tokenizer_config.json` counts; when it has no `added_tokens_decoder`, `special_tokens_map.json` goes over it.
  var namedTokens: [(name: String, value: JSON)] {
    var members: [(String, JSON)] = []
    func take(_ source: JSON?) {
      for (key, value) in source?.object ?? [:] where key.text.hasSuffix("_token") && !key.text.hasPrefix("add_") {
        guard value.string != nil || value["content"]?.string != nil else { continue }
        if let index = members.firstIndex(where: { $0.0 == key.text }) {
          members[index].1 = value
        } else {
          members.append((key.text, value))
        }
      }
    }
    take(files.configuration)
    if files.configuration?["added_tokens_decoder"] == nil { take(files.specialTokensMap) }
    for (name, text) in Self.defaultTokens(of: files.configuration?["tokenizer_class"]?.string)
    where !members.contains(where: { $0.0 == name }) && !(files.configuration?[name]?.isNull ?? false) {
      members.append((name, .string(text)))
    }
    let order = Self.roles.map { "\($0.rawValue)_token" }
    let standard = order.compactMap { name in members.first { $0.0 == name } }
    let own = members.filter { !order.contains($0.0) }
    return (standard + own).map { (name: $0.0, value: $0.1) }
  }

  /// The further special tokens that the files list without a role.
  var listedTokens: [JSON] {
    for source in [files.configuration, files.specialTokensMap] {
      for key in ["extra_special_tokens", "additional_special_tokens"] {
        if let list = source?[key]?.array, !list.isEmpty { return list }
      }
    }
    return []
  }

  /// Whether transformers loads these files by a class that builds its tokenizer itself.
  private var hasOwnClass: Bool {
    guard files.model?["model_type"]?.string != "mistral" else { return false }
    switch files.configuration?["tokenizer_class"]?.string {
    case "LlamaTokenizer", "LlamaTokenizerFast":
      return files.tokenizer.map(FolderReader.isSentencePieceLike) ?? true
    case "CodeLlamaTokenizer", "CodeLlamaTokenizerFast", "GPT2Tokenizer", "GPT2TokenizerFast", "Qwen2Tokenizer",
      "Qwen2TokenizerFast", "GPTNeoXTokenizer", "GPTNeoXTokenizerFast":
      return true
    default: return false
    }
  }

  /// The special tokens that a tokenizer class of transformers has when no file names them.
  private static func defaultTokens(of tokenizerClass: String?) -> KeyValuePairs<String, String> {
    switch tokenizerClass {
    case "LlamaTokenizer", "LlamaTokenizerFast": ["unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"]
    case "GPT2Tokenizer", "GPT2TokenizerFast":
      ["unk_token": "<|endoftext|>", "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"]
    case "Qwen2Tokenizer", "Qwen2TokenizerFast":
      ["unk_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>"]
    default: [:]
    }
  }

  /// The added tokens that transformers' tokenizer has for these files.
  ///
  /// - Parameter vocabulary: the texts and ids without added tokens.
  func addedTokenTable(vocabulary: [ExactString: Int]) -> AddedTokenTable {
    var table = AddedTokenTable(vocabulary: vocabulary)
    var listed: [AddedToken] = []
    for entry in files.tokenizer?["added_tokens"]?.array ?? [] {
      guard let token = AddedToken(entry, id: entry["id"]?.integer ?? -1) else { continue }
      listed.append(token)
    }
    let decoder = files.configuration?["added_tokens_decoder"]?.object
    let configured = (decoder ?? [:]).compactMap { key, value in Int(key.text).flatMap { AddedToken(value, id: $0) } }
    // A class of its own takes over tokenizer.json's vocabulary alone; what is added then comes from the configuration.
    if decoder == nil || !hasOwnClass {
      for token in listed { table.add(token, fileID: token.id) }
    }
    for (text, id) in decoder == nil ? files.addedTokens?.object ?? [:] : [:] where !table.contains(text.text) {
      table.add(AddedToken(id: -1, text: text.text, isSpecial: false, isNormalized: true), fileID: id.integer)
    }

    let named = namedTokens.map(\.value) + listedTokens
    let names = Set(namedTokens.compactMap { ExactString($0.value.string ?? $0.value["content"]?.string ?? "") })
    for token in (decoder == nil ? listed : configured).sorted(by: { $0.id < $1.id }) {
      var token = token
      if names.contains(ExactString(token.text)) { token.isSpecial = true }
      table.add(token, fileID: decoder == nil ? nil : token.id)
    }
    for value in named {
      let text = value.string ?? value["content"]?.string ?? ""
      guard !table.contains(text) else { continue }
      var token = AddedToken(value, id: -1) ?? AddedToken(id: -1, text: text, isSpecial: true)
      token.isSpecial = true
      table.add(token)
    }
    return table
  }

  /// What is looked for in text when the vocabulary comes from `tokenizer.model`.
  ///
  /// Without `tokenizer.json`, transformers also looks for the control and user-defined pieces of the model.
  func sentencePieceAddedTokens(_ model: SentencePieceModel) -> [AddedToken] {
    var ids: [ExactString: Int] = [:]
    for (id, text) in vocabulary.tokens.enumerated() where vocabulary.types[id] != .unused {
      ids[ExactString(String(decoding: text, as: UTF8.self))] = id
    }
    var table = addedTokenTable(vocabulary: ids)
    if files.tokenizer == nil {
      for piece in model.pieces where piece.type == .control || piece.type == .userDefined {
        let text = String(decoding: piece.text, as: UTF8.self)
        guard !table.contains(text) else { continue }
        table.add(AddedToken(id: -1, text: text, isSpecial: piece.type == .control))
      }
    }
    return table.sorted.filter { $0.id < vocabulary.count }
  }
}
