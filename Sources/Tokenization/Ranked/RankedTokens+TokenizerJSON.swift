import Bytes
import Tensors

extension RankedTokens {
  /// The `tokenizer.json` of these tokens, as transformers makes it: every split of a token into two is a merge.
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
      "version": .string("1.0"), "added_tokens": .array(added), "normalizer": .null,
      "pre_tokenizer": .members(["type": .string("Sequence"), "pretokenizers": .array([split, bytes])]),
      "post_processor": .members(["type": .string("Sequence"), "processors": .array([bytes] + template)]),
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

  /// BOS before a text.
  private var template: [JSON] {
    guard let text = roles[.bos], let bos = specials.first(where: { $0.text == text }) else { return [] }
    let start = JSON.members(["SpecialToken": .members(["id": .string(text), "type_id": .integer(0)])])
    let sequence = JSON.members(["Sequence": .members(["id": .string("A"), "type_id": .integer(0)])])
    return [
      .members([
        "type": .string("TemplateProcessing"), "single": .array([start, sequence]),
        "special_tokens": .members([
          text: .members([
            "id": .string(text), "ids": .array([.integer(bos.id)]), "tokens": .array([.string(text)]),
          ])
        ]),
      ])
    ]
  }

  /// The merges: of each token in the order of ranks, all splits into two tokens, in the order of their ranks.
  private var merges: [(left: ArraySlice<UInt8>, right: ArraySlice<UInt8>)] {
    var ranks: [ByteString: Int] = [:]
    ranks.reserveCapacity(tokens.count)
    for (rank, token) in tokens.enumerated() { ranks[ByteString(token)] = rank }
    var merges: [(left: ArraySlice<UInt8>, right: ArraySlice<UInt8>)] = []
    for token in tokens where token.count <= Vocabulary.cutPieceByteLimit {
      var splits: [(left: Int, right: Int, cut: Int)] = []
      for cut in token.indices.dropFirst() {
        guard let left = ranks[ByteString(token[..<cut])], let right = ranks[ByteString(token[cut...])] else {
          continue
        }
        splits.append((left, right, cut))
      }
      splits.sort { ($0.left, $0.right) < ($1.left, $1.right) }
      merges += splits.map { (token[..<$0.cut], token[$0.cut...]) }
    }
    return merges
  }
}
