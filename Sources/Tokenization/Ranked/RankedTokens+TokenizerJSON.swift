import Bytes
import Tensors

extension RankedTokens {
  /// The `tokenizer.json` of these tokens, with the merges that llama.cpp's converter has.
  var tokenizer: JSON {
    var vocab = JSON.Object()
    vocab.reserveCapacity(tokens.count + specials.count)
    for (rank, token) in tokens.enumerated() { vocab[ExactString(ByteLevel.encode(token))] = .integer(firstID + rank) }
    for special in specials { vocab[ExactString(special.text)] = .integer(special.id) }
    let added = specials.map { special in
      JSON.members([
        "id": .integer(special.id), "content": .string(special.text), "single_word": .bool(false),
        "lstrip": .bool(false),
        "rstrip": .bool(false), "normalized": .bool(false), "special": .bool(true),
      ])
    }
    let bytes = JSON.members([
      "type": .string("ByteLevel"), "add_prefix_space": .bool(false), "trim_offsets": .bool(true),
      "use_regex": .bool(false),
    ])
    let split = JSON.members([
      "type": .string("Split"), "pattern": .members(["Regex": .string(pattern)]), "behavior": .string("Isolated"),
      "invert": .bool(false),
    ])
    return .members([
      "version": .string("1.0"), "added_tokens": .array(added),
      "normalizer": family.composes ? .members(["type": .string("NFC")]) : .null,
      "pre_tokenizer": .members(["type": .string("Sequence"), "pretokenizers": .array([split, bytes])]),
      "post_processor": family.takesNamedRoles
        ? .members(["type": .string("Sequence"), "processors": .array([bytes] + template)]) : .null,
      "decoder": bytes,
      "model": .members([
        "type": .string("BPE"), "byte_fallback": .bool(false), "ignore_merges": .bool(true), "vocab": .object(vocab),
        "merges": .array(merges.map { .string("\(ByteLevel.encode($0.left)) \(ByteLevel.encode($0.right))") }),
      ]),
    ])
  }

  /// The `tokenizer_config.json` that names the special tokens.
  var configuration: JSON {
    .object(
      JSON.Object(
        uniqueKeysWithValues: roles.sorted { $0.key.rawValue < $1.key.rawValue }
          .map { (ExactString("\($0.key.rawValue)_token"), .string($0.value)) }))
  }

  /// The tokens before a text: BOS, or those of the family.
  private var template: [JSON] {
    let before = (family.prefix.isEmpty ? [roles[.bos]].compactMap(\.self) : family.prefix).compactMap { text in
      specials.first { $0.text == text }
    }
    guard !before.isEmpty else { return [] }
    let sequence = JSON.members(["Sequence": .members(["id": .string("A"), "type_id": .integer(0)])])
    let parts = before.map {
      JSON.members(["SpecialToken": .members(["id": .string($0.text), "type_id": .integer(0)])])
    }
    let entries = before.map {
      (
        ExactString($0.text),
        JSON.members(["id": .string($0.text), "ids": .array([.integer($0.id)]), "tokens": .array([.string($0.text)])])
      )
    }
    return [
      .members([
        "type": .string("TemplateProcessing"), "single": .array(parts + [sequence]),
        "special_tokens": .object(JSON.Object(entries, uniquingKeysWith: { first, _ in first })),
      ])
    ]
  }

  /// The merges in the order of the ranks that they make.
  private var merges: [(left: ArraySlice<UInt8>, right: ArraySlice<UInt8>)] {
    var ranks: [ByteString: Int] = [:]
    ranks.reserveCapacity(tokens.count)
    for (rank, token) in tokens.enumerated() { ranks[ByteString(token)] = rank }
    var merges: [(left: ArraySlice<UInt8>, right: ArraySlice<UInt8>)] = []
    for token in tokens where token.count <= Vocabulary.cutPieceByteLimit {
      switch family.merges {
      case .everySplit: merges += Self.splits(of: token, ranks).map { (token[..<$0], token[$0...]) }
      case .lastPair: if let cut = Self.lastCut(of: token, ranks) { merges.append((token[..<cut], token[cut...])) }
      }
    }
    return merges
  }

  /// Where a token can be cut into two tokens, in the order of their ranks.
  private static func splits(of token: [UInt8], _ ranks: [ByteString: Int]) -> [Int] {
    var splits: [(left: Int, right: Int, cut: Int)] = []
    for cut in token.indices.dropFirst() {
      guard let left = ranks[ByteString(token[..<cut])], let right = ranks[ByteString(token[cut...])] else { continue }
      splits.append((left, right, cut))
    }
    splits.sort { ($0.left, $0.right) < ($1.left, $1.right) }
    return splits.map(\.cut)
  }

  /// Where the two parts meet that merging the bytes of `token` by lower ranks comes to; nil if more than two are left.
  private static func lastCut(of token: [UInt8], _ ranks: [ByteString: Int]) -> Int? {
    guard token.count > 1, let limit = ranks[ByteString(token)] else { return nil }
    // Part `i` is `token[starts[i]..<starts[i + 1]]`; `joined[i]` is the rank of parts `i` and `i + 1` together.
    var starts = Array(0...token.count)
    func rank(ofPairAt index: Int) -> Int? {
      guard index >= 0, index + 2 < starts.count else { return nil }
      return ranks[ByteString(token[starts[index]..<starts[index + 2]])].flatMap { $0 < limit ? $0 : nil }
    }
    var joined = (0..<token.count - 1).map { rank(ofPairAt: $0) ?? .max }
    while let best = joined.indices.min(by: { joined[$0] < joined[$1] }), joined[best] < .max {
      starts.remove(at: best + 1)
      joined.remove(at: best)
      for index in [best - 1, best] where joined.indices.contains(index) {
        joined[index] = rank(ofPairAt: index) ?? .max
      }
    }
    return starts.count == 3 ? starts[1] : nil
  }
}
