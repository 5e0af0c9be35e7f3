import Bytes
import Tensors

// Vocabularies of byte strings with ranks. Of all adjacent strings that together are one, those of the lowest rank join first.
//
//   tokenizer.model, tiktoken.model, qwen.tiktoken  a line each: the bytes in base64, a space, the rank. Ids are ranks; special tokens follow.
//   tekken.json      {"config": {"pattern": …, "default_vocab_size": …, "default_num_special_tokens": …},
//                     "vocab": [{"token_bytes": base64}, …], "special_tokens": [{"rank": 0, "token_str": "<unk>"}, …]}
//                    Special tokens come first, so an id is the position in `vocab` plus their count.

/// A vocabulary of byte strings with ranks.
struct RankedTokens {
  let family: RankedFamily
  /// The byte strings in the order of their ranks.
  let tokens: [[UInt8]]
  /// The id of the first of them.
  let firstID: Int
  /// The special tokens with their ids.
  let specials: [(id: Int, text: String)]
  /// The expression that splits text.
  let pattern: String
  /// The texts of special tokens by role.
  let roles: [SpecialToken: String]
}

extension RankedTokens {
  /// Whether `content` is a tiktoken file.
  static func isTiktoken(_ content: [UInt8]) -> Bool {
    content.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == 0x0A }.first.map { entry($0) != nil } ?? false
  }

  /// Reads a tiktoken file.
  ///
  /// - Parameters:
  ///   - configuration: `tokenizer_config.json`, whose `added_tokens_decoder` names the special tokens.
  ///   - model: `config.json` or `params.json`, for the count of rows.
  /// - Throws: `.invalidRanks` for other content, for ranks with gaps, and if no file names the special tokens.
  init(
    tiktoken content: [UInt8], _ family: RankedFamily, configuration: JSON?, model: JSON?
  ) throws(VocabularyError) {
    var byRank: [Int: [UInt8]] = [:]
    for (index, line) in content.split(separator: 0x0A).enumerated() where line != [0x0D] {
      guard let (bytes, rank) = Self.entry(line), byRank.updateValue(bytes, forKey: rank) == nil else {
        throw .invalidRanks("line \((index + 1).grouped): expected base64 and a rank that no other line has")
      }
    }
    self.family = family
    tokens = try Self.inOrder(byRank)
    firstID = 0
    let listed = (configuration?["added_tokens_decoder"]?.object ?? [:]).compactMap { key, value in
      Int(key.text).flatMap { id in value["content"]?.string.map { (id: id, text: $0) } }
    }
    let rowCount = model?["vocab_size"]?.integer.flatMap { $0 > 0 ? $0 : nil }
    let named = try Self.specials(
      after: tokens.count, family, listed: listed, rowCount: rowCount,
      isFirstRelease: !(model.map(Self.scalesRotary) ?? true))
    specials = named.filter { $0.id < rowCount ?? .max }.sorted { $0.id < $1.id }
    pattern = family.pattern ?? PreTokenizer.Patterns.llama3
    let hasOwnRoles = family == .llama3 && !named.isEmpty && listed.isEmpty
    roles = hasOwnRoles ? [.bos: "<|begin_of_text|>", .eos: "<|end_of_text|>"] : [:]
  }

  /// The special tokens after `count` ranks.
  ///
  /// - Parameters:
  ///   - listed: those that `tokenizer_config.json` names.
  ///   - isFirstRelease: whether the model is older than Llama 3.1.
  private static func specials(
    after count: Int, _ family: RankedFamily, listed: [(id: Int, text: String)], rowCount: Int?, isFirstRelease: Bool
  ) throws(VocabularyError) -> [(id: Int, text: String)] {
    func numbered(_ texts: [String]) -> [(id: Int, text: String)] {
      texts.enumerated().map { (id: count + $0.offset, text: $0.element) }
    }
    let named = listed.filter { $0.id >= count }
    switch family {
    case .kimi:
      let texts = Dictionary(named.map { ($0.id, $0.text) }, uniquingKeysWith: { first, _ in first })
      return (count..<count + RankedFamily.kimiSpecialCount).map {
        (id: $0, text: texts[$0] ?? "<|reserved_token_\($0)|>")
      }
    case .qwen: return numbered(family.ownSpecials)
    case .glm: return named.isEmpty ? numbered(family.ownSpecials) : named
    case .llama3, .tekken:
      guard named.isEmpty else { return named }
      if count == llama3Count { return numbered(llama3Specials(isFirstRelease: isFirstRelease)) }
      guard let rowCount, rowCount > count else { return [] }
      throw .invalidRanks(
        "has \(count.grouped) tiktoken tokens but the model \(rowCount.grouped) rows, and no file names the special "
          + "tokens (fetch tokenizer.json or tokenizer_config.json of this model)")
    }
  }

  /// Reads tekken.json.
  ///
  /// - Throws: `.invalidRanks` for a missing pattern, tokens that are not base64, and ids that overflow.
  init(tekken json: JSON) throws(VocabularyError) {
    guard let pattern = json["config"]?["pattern"]?.string else {
      throw .invalidRanks("member \("config.pattern".quoted): expected the expression that splits text")
    }
    let texts: [String]
    if let listed = json["special_tokens"]?.array {
      let ranked = listed.enumerated().map {
        ($0.element["rank"]?.integer ?? $0.offset, $0.element["token_str"]?.string)
      }
      texts = ranked.sorted { $0.0 < $1.0 }.compactMap(\.1)
      guard texts.count == listed.count, ranked.map(\.0).sorted() == Array(0..<listed.count) else {
        throw .invalidRanks("member \("special_tokens".quoted): expected texts with ranks from 0 on, without gaps")
      }
    } else {
      texts = Self.tekkenSpecials
    }
    let count = json["config"]?["default_num_special_tokens"]?.integer ?? texts.count
    guard count >= texts.count, count <= Self.specialLimit else {
      throw .invalidRanks("\(count.grouped) special tokens are not possible, expected \(texts.count) or a few more")
    }
    let size = json["config"]?["default_vocab_size"]?.integer
    let entries = (json["vocab"]?.array ?? []).prefix(max(0, max(0, size ?? .max) - count))
    var tokens: [[UInt8]] = []
    tokens.reserveCapacity(entries.count)
    for (index, entry) in entries.enumerated() {
      guard let bytes = entry["token_bytes"]?.string.flatMap(Base64.decode), !bytes.isEmpty else {
        throw .invalidRanks("token \(index.grouped): expected its bytes in base64")
      }
      tokens.append(bytes)
    }
    guard !tokens.isEmpty else { throw .invalidRanks("member \("vocab".quoted): expected tokens") }
    try Self.refuseRepeated(tokens)
    family = .tekken
    self.tokens = tokens
    self.pattern = pattern
    firstID = count
    specials = (0..<count).map { (id: $0, text: $0 < texts.count ? texts[$0] : "<SPECIAL_\($0)>") }
    let roles: [SpecialToken: String] = [.bos: "<s>", .eos: "</s>", .unk: "<unk>", .pad: "<pad>"]
    self.roles = roles.filter { texts.contains($0.value) }
  }

  /// No tekken.json has more special tokens.
  private static let specialLimit = 1 << 16

  /// The bytes and the rank in a line of a tiktoken file.
  private static func entry(_ line: ArraySlice<UInt8>) -> (bytes: [UInt8], rank: Int)? {
    let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
    guard parts.count == 2, let bytes = Base64.decode(String(decoding: parts[0], as: UTF8.self)), !bytes.isEmpty
    else { return nil }
    let digits = parts[1].last == 0x0D ? parts[1].dropLast() : parts[1]
    guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(String(decoding: digits, as: UTF8.self)).map { (bytes, $0) }
  }

  private static func inOrder(_ byRank: [Int: [UInt8]]) throws(VocabularyError) -> [[UInt8]] {
    guard !byRank.isEmpty else { throw .invalidRanks("expected one or more tokens") }
    var tokens: [[UInt8]] = []
    tokens.reserveCapacity(byRank.count)
    for rank in 0..<byRank.count {
      guard let bytes = byRank[rank] else { throw .invalidRanks("no token has rank \(rank.grouped), expected no gaps") }
      tokens.append(bytes)
    }
    try refuseRepeated(tokens)
    return tokens
  }

  /// A token with two ranks would have two ids.
  private static func refuseRepeated(_ tokens: [[UInt8]]) throws(VocabularyError) {
    var ranks: [ByteString: Int] = [:]
    ranks.reserveCapacity(tokens.count)
    for (rank, token) in tokens.enumerated() {
      guard let first = ranks.updateValue(rank, forKey: ByteString(token)) else { continue }
      throw .invalidRanks("ranks \(first.grouped) and \(rank.grouped) have the same token, expected different ones")
    }
  }
}
