import Bytes

/// The added tokens of a tokenizer as transformers ends up with them.
///
/// An added token that is in the vocabulary takes that id; any other takes the next id after all others, not the id
/// in its file. Adding a token again changes its properties.
struct AddedTokenTable {
  /// The added tokens by id.
  private(set) var tokens: [Int: AddedToken] = [:]
  private var ids: [ExactString: Int] = [:]
  private let vocabulary: [ExactString: Int]
  private var lastID = -1
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
    // The next token gets an id beyond it, also if a file states the greatest number.
    lastID = max(lastID, min(id, .max - 1))
  }

  func contains(_ text: String) -> Bool { ids[ExactString(text)] != nil }

  /// The tokens in the order of their ids.
  var sorted: [AddedToken] { tokens.values.sorted { $0.id < $1.id } }

  private var nextID: Int {
    lastID >= vocabulary.count || vocabulary.isEmpty ? lastID + 1 : vocabulary.count
  }
}

extension HuggingFaceVocabularyReader {
  /// The special tokens of the files, in transformers' order, with their roles.
  ///
  /// `tokenizer_config.json` decides; if it has no `added_tokens_decoder`, `special_tokens_map.json` overrides it.
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
    // transformers 5 lists a model's own tokens; earlier versions had them among the further ones.
    take(files.configuration?["model_specific_special_tokens"])
    take(files.configuration?["extra_special_tokens"])
    if files.configuration?["added_tokens_decoder"] == nil { take(files.specialTokensMap) }
    for (role, text) in tokenizerClass?.defaultTokens ?? [:] {
      let name = "\(role.rawValue)_token"
      guard !members.contains(where: { $0.0 == name }), files.configuration?[name]?.isNull != true else { continue }
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
    return sentinels(from: 0).map { .string($0.text) }
  }

  /// T5's sentinels, with their ids after `count` pieces: the last one first.
  private func sentinels(from count: Int) -> [(text: String, id: Int)] {
    guard tokenizerClass?.hasSentinels ?? false else { return [] }
    let limit = files.configuration?["extra_ids"]?.integer ?? Sentinel.count
    let sentinelCount = max(0, min(limit, 1 << 16))
    return (0..<sentinelCount).map { (Sentinel.text($0), count + sentinelCount - 1 - $0) }
  }

  /// The added tokens of transformers' tokenizer for these files.
  ///
  /// - Parameter vocabulary: the texts and ids without added tokens.
  func addedTokenTable(vocabulary: [ExactString: Int]) -> AddedTokenTable {
    var table = AddedTokenTable(vocabulary: vocabulary)
    let listed = (files.tokenizer?["added_tokens"]?.array ?? []).compactMap { entry in
      AddedToken(entry, id: entry["id"]?.integer ?? -1)
    }
    // A class with rules of its own reads the vocabulary only; added tokens then come from the configuration.
    if tokenizerClass == nil {
      for token in listed { table.add(token, fileID: token.id) }
    }
    let named = namedTokens.map(\.value) + listedTokens
    let names = Set(namedTokens.compactMap { ExactString($0.value.string ?? $0.value["content"]?.string ?? "") })
    for var token in configuredTokens(listed) {
      if names.contains(ExactString(token.text)) { token.options.insert(.special) }
      table.add(token, fileID: token.id)
    }
    for value in named {
      let text = value.string ?? value["content"]?.string ?? ""
      guard !table.contains(text) else { continue }
      var token = AddedToken(value, id: -1) ?? AddedToken(id: -1, text: text)
      token.options.insert(.special)
      table.add(token)
    }
    return table
  }

  /// The added tokens of the configuration, by id: `added_tokens_decoder`, otherwise `added_tokens.json`, overridden by
  /// the entries of `tokenizer.json`.
  private func configuredTokens(_ listed: [AddedToken]) -> [AddedToken] {
    if let decoder = files.configuration?["added_tokens_decoder"]?.object {
      let tokens = decoder.compactMap { key, value in Int(key.text).flatMap { AddedToken(value, id: $0) } }
      return tokens.sorted { $0.id < $1.id }
    }
    let named = (namedTokens.map(\.value) + listedTokens).compactMap { $0.string ?? $0["content"]?.string }
    let specials = Set(named.map { ExactString($0) })
    var tokens: [Int: AddedToken] = [:]
    for (text, value) in files.addedTokens?.object ?? [:] {
      guard let id = value.integer else { continue }
      tokens[id] = AddedToken(id: id, text: text.text, options: specials.contains(text) ? .special : .normalized)
    }
    for token in listed { tokens[token.id] = token }
    return tokens.values.sorted { $0.id < $1.id }
  }

  /// The added tokens if the vocabulary comes from `tokenizer.model`.
  ///
  /// Without `tokenizer.json`, transformers also matches the control and user-defined pieces of the model.
  func sentencePieceAddedTokens(_ model: SentencePieceModel) -> [AddedToken] {
    var ids: [ExactString: Int] = [:]
    for (id, text) in vocabulary.tokens.enumerated() where vocabulary.types[id] != .unused {
      let written = String(decoding: text, as: UTF8.self)
      // A row may have spaces where the piece, and therefore transformers, has `▁`.
      let piece = id < model.pieces.count ? String(decoding: model.pieces[id].text, as: UTF8.self) : written
      ids[ExactString(piece.replacing(scalar: "\u{2581}", with: " ") == written ? piece : written)] = id
    }
    if files.tokenizer == nil {
      for (text, id) in sentinels(from: model.pieces.count) where ids[ExactString(text)] == nil {
        ids[ExactString(text)] = id
      }
    }
    var table = addedTokenTable(vocabulary: ids)
    if files.tokenizer == nil {
      for piece in model.pieces where piece.type == .control || piece.type == .userDefined {
        let text = String(decoding: piece.text, as: UTF8.self)
        guard !table.contains(text) else { continue }
        table.add(AddedToken(id: -1, text: text, options: piece.type == .control ? .special : []))
      }
    }
    return table.sorted.filter { $0.id < vocabulary.count }
  }
}
