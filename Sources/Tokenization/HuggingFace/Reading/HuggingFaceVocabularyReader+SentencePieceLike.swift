import Bytes
import Tensors

// A tokenizer.json with SentencePiece's pieces has no scores. The reference converter gives every token -1000, makes
// no rows beyond the tokenizer's own, and calls a token control if a file names it as special, byte if it reads <0xHH>.

extension HuggingFaceVocabularyReader {
  mutating func readSentencePieceLike(_ tokenizer: JSON) throws(VocabularyError) {
    let file = "tokenizer.json"
    let base = try modelVocabulary(tokenizer["model"]?["vocab"], file: file)
    let table = addedTokenTable(vocabulary: base.ids)
    let named = (namedTokens.map(\.value) + listedTokens).compactMap { $0.string ?? $0["content"]?.string }
    let specials = Set(named.map { ExactString($0) })
    for text in base.texts {
      let type: TokenType = text.isByteName ? .byte : specials.contains(ExactString(text)) ? .control : .normal
      vocabulary.append(text.utf8, score: Self.addedScore, type: type)
    }
    for token in table.sorted where token.id >= base.texts.count {
      let type: TokenType = specials.contains(ExactString(token.text)) ? .control : .userDefined
      vocabulary.append(token.text.utf8, score: Self.addedScore, type: type)
    }
    reportShifted(table, file: file)
    vocabulary.merges = try merges(tokenizer["model"]?["merges"])
    vocabulary.addedTokens = table.sorted
    vocabulary.spacePrefix = spacePrefix(tokenizer)
    vocabulary.ignoresMerges = tokenizer["model"]?["ignore_merges"]?.bool ?? false
    try readSpecialTokens(limit: vocabulary.count)
  }

  mutating func reportShifted(_ table: AddedTokenTable, file: String) {
    for entry in table.shifted {
      conflicts.append(
        .shiftedToken(text: entry.text, fileID: entry.fileID, effectiveID: entry.effectiveID, file: file))
    }
  }

  /// The texts of a `vocab` object in the order of their ids, which must have no gaps.
  func modelVocabulary(
    _ vocab: JSON?, file: String
  ) throws(VocabularyError) -> (texts: [String], ids: [ExactString: Int]) {
    guard let members = vocab?.object else {
      throw .invalidMember(file: file, member: "vocab", expected: "an object of strings and ids")
    }
    var texts = [String?](repeating: nil, count: members.count)
    var ids: [ExactString: Int] = [:]
    ids.reserveCapacity(members.count)
    for (text, value) in members {
      guard let id = value.integer else {
        throw .invalidMember(file: file, member: text.text, expected: "the id of the token")
      }
      guard texts.indices.contains(id), texts[id] == nil else {
        throw .invalidID(file: file, token: text.text, id: id)
      }
      texts[id] = text.text
      ids[text] = id
    }
    var complete: [String] = []
    complete.reserveCapacity(texts.count)
    for (id, text) in texts.enumerated() {
      guard let text else { throw .missingToken(file: file, id: id) }
      complete.append(text)
    }
    return (complete, ids)
  }

  /// The pairs of a `merges` array, as `left right`; a space inside a part becomes `Ġ`.
  func merges(_ merges: JSON?) throws(VocabularyError) -> PackedStrings {
    var packed = PackedStrings()
    for entry in merges?.array ?? [] {
      if let text = entry.string {
        packed.append(text.utf8)
      } else if let pair = entry.array, pair.count == 2, let left = pair[0].string, let right = pair[1].string {
        let parts = [left, right].map { $0.replacing(scalar: " ", with: "\u{120}") }
        packed.append("\(parts[0]) \(parts[1])".utf8)
      } else {
        throw .invalidMember(file: "tokenizer.json", member: "merges", expected: "pairs of strings")
      }
    }
    return packed
  }

  /// The rule for the first space, of the tokenizer class, the normalizer or the pre-tokenizer.
  func spacePrefix(_ tokenizer: JSON) -> Vocabulary.SpacePrefix {
    switch tokenizerClass?.spacePrefix {
    case .never: return .never
    case .configuration:
      if files.configuration?["add_prefix_space"]?.bool == false { return .never }
      return files.configuration?["legacy"]?.bool == true ? .everySegment : .first
    case .tokenizer, nil: break
    }
    let normalizer = tokenizer["normalizer"]
    let steps = normalizer?["normalizers"]?.array ?? [normalizer].compactMap { $0 }
    if steps.contains(where: { $0["type"]?.string == "Prepend" }) { return .everySegmentAlways }
    let preTokenizer = tokenizer["pre_tokenizer"]
    let splits = preTokenizer?["pretokenizers"]?.array ?? [preTokenizer].compactMap { $0 }
    guard let metaspace = splits.first(where: { $0["type"]?.string == "Metaspace" }) else { return .never }
    switch metaspace["prepend_scheme"]?.string {
    case "never": return .never
    case "first": return .first
    case "always": return .everySegment
    default: return metaspace["add_prefix_space"]?.bool == false ? .never : .everySegment
    }
  }
}

extension String {
  /// Whether the text is `<0xHH>`, the name of one byte.
  var isByteName: Bool { byteOfName != nil }

  /// The byte that `<0xHH>` names; nil for any other text.
  var byteOfName: UInt8? {
    let bytes = Array(utf8)
    guard bytes.count == 6, bytes.starts(with: "<0x".utf8), bytes[5] == UInt8(ascii: ">") else { return nil }
    var value: UInt8 = 0
    for digit in bytes[3...4] {
      switch digit {
      case 0x30...0x39: value = value << 4 | (digit - 0x30)
      case 0x41...0x46: value = value << 4 | (digit - 0x37)
      case 0x61...0x66: value = value << 4 | (digit - 0x57)
      default: return nil
      }
    }
    return value
  }
}
