import Bytes
import Tensors

/// Encodes text as transformers' `AutoTokenizer` does for the files of a folder.
///
/// Added tokens are matched in the text first, SentencePiece text gets its space prefix as in `Metaspace`, and pairs
/// merge in the order of their ranks.
struct TransformersEncoder: TextEncoder {
  private let vocabulary: Vocabulary
  private let ids: [ByteString: Int]
  private let merges: MergeTable
  private let addedTokens: Matchers
  /// The added tokens that are not special.
  private let plainTokens: Matchers
  var splitter: CompiledPreTokenizer
  private let composes: Bool
  private let unigram: UnigramModel?
  private let replacements: ReplacementTable?
  /// The token of each byte: `<0xHH>` for SentencePiece, the byte's character for byte-level vocabularies.
  private let byteIDs: [UInt32?]
  private let unknownID: Int?

  /// Where a segment of text begins: the text itself, after a token, or within a segment whose start came before.
  private enum SegmentStart { case ofText, afterToken, insideSegment }

  /// The added tokens that are matched in text, and those that are matched in normalized text.
  private struct Matchers: Sendable {
    let raw: AddedTokenMatcher
    let normalized: AddedTokenMatcher

    init(_ tokens: [AddedToken]) {
      raw = AddedTokenMatcher(tokens.filter { !$0.options.contains(.normalized) })
      normalized = AddedTokenMatcher(tokens.filter { $0.options.contains(.normalized) })
    }
  }

  /// Indexes the tokens and ranks the merges.
  ///
  /// - Throws: `.unknownPreTokenizerName` for a byte-level vocabulary whose pre-tokenizer is unknown.
  init(_ vocabulary: Vocabulary) throws(VocabularyError) {
    self.vocabulary = vocabulary
    let ids = vocabulary.idsByText()
    self.ids = ids
    addedTokens = Matchers(vocabulary.addedTokens)
    plainTokens = Matchers(vocabulary.addedTokens.filter { !$0.options.contains(.special) })
    composes = vocabulary.kind == .byteLevel && vocabulary.composes
    unigram = vocabulary.kind == .unigram ? UnigramModel(vocabulary) : nil
    replacements = ReplacementTable(vocabulary.normalizationTable)
    switch vocabulary.kind {
    case .sentencePiece, .mergedPieces, .unigram, .wordPiece:
      splitter = CompiledPreTokenizer()
      byteIDs = (UInt8.min...UInt8.max).map { byte in
        ids[ByteString(SentencePieceText.byteName(byte))].map { UInt32(truncatingIfNeeded: $0) }
      }
    case .byteLevel:
      guard let rules = PreTokenizer.named(vocabulary.preTokenizer) else {
        throw .unknownPreTokenizerName(vocabulary.preTokenizer)
      }
      splitter = try CompiledPreTokenizer(rules.steps)
      byteIDs = ByteLevel.scalars.map { ids[ByteString(String($0))].map { UInt32(truncatingIfNeeded: $0) } }
    }
    merges = MergeTable(vocabulary.rankedMerges(ids: ids), rankedByResult: vocabulary.joinsByID)
    unknownID =
      vocabulary.kind == .byteLevel
      ? nil : vocabulary.id(of: .unk) ?? vocabulary.types.firstIndex(of: .unknown) ?? vocabulary.unknownWordID
  }

  func encode(_ bytes: [UInt8], _ options: TextEncoderOptions, into result: inout [UInt32]) {
    let matchers = options.matching == .matched ? addedTokens : plainTokens
    matchers.raw.segments(of: bytes, 0..<bytes.count) { segment in
      switch segment {
      case .token(let id): result.append(UInt32(truncatingIfNeeded: id))
      case .text(let range):
        let start: SegmentStart =
          range.lowerBound > 0 ? .afterToken : options.beginsText ? .ofText : .insideSegment
        encodeText(bytes, range, matchers, start, into: &result)
      }
    }
  }

  /// Encodes text without added tokens, except those that are matched in normalized text.
  private func encodeText(
    _ bytes: [UInt8], _ range: Range<Int>, _ matchers: Matchers, _ start: SegmentStart, into result: inout [UInt32]
  ) {
    guard let normalized = normalized(bytes, range) else {
      return encodeNormalized(bytes, range, matchers, start, into: &result)
    }
    encodeNormalized(normalized, 0..<normalized.count, matchers, start, into: &result)
  }

  /// The normalized text: composed, prepared for word pieces, or replaced by the table; nil if unchanged.
  private func normalized(_ bytes: [UInt8], _ range: Range<Int>) -> [UInt8]? {
    switch vocabulary.kind {
    case .byteLevel where composes: Array(String(decoding: bytes[range], as: UTF8.self).composed.utf8)
    case .wordPiece:
      Array(WordPiece(rules: vocabulary.wordRules).prepare(String(decoding: bytes[range], as: UTF8.self)).utf8)
    case .unigram: replacements?.replacing(String(decoding: bytes[range], as: UTF8.self))
    default: nil
    }
  }

  private func encodeNormalized(
    _ bytes: [UInt8], _ range: Range<Int>, _ matchers: Matchers, _ start: SegmentStart, into result: inout [UInt32]
  ) {
    matchers.normalized.segments(of: bytes, range) { segment in
      switch segment {
      case .token(let id): result.append(UInt32(truncatingIfNeeded: id))
      case .text(let part):
        switch vocabulary.kind {
        case .sentencePiece, .mergedPieces:
          encodeSentencePiece(bytes[part], part.lowerBound == range.lowerBound ? start : .afterToken, into: &result)
        case .byteLevel: encodeByteLevel(bytes[part], into: &result)
        case .wordPiece: encodeWordPiece(bytes[part], into: &result)
        case .unigram: encodeUnigram(bytes[part], into: &result)
        }
      }
    }
  }

  // MARK: SentencePiece

  private func encodeSentencePiece(_ text: ArraySlice<UInt8>, _ start: SegmentStart, into result: inout [UInt32]) {
    let prepared = SentencePieceText.prepare(
      text, prefix: start == .insideSegment ? .never : vocabulary.spacePrefix, isFirst: start == .ofText)
    if vocabulary.ignoresMerges, let id = ids[ByteString(prepared)] {
      result.append(UInt32(truncatingIfNeeded: id))
      return
    }
    var symbols: [UInt32] = []
    symbols.reserveCapacity(prepared.count)
    var wasUnknown = false
    var position = 0
    while position < prepared.count {
      let length = min(SentencePieceText.scalarByteCount(prepared[position]), prepared.count - position)
      let scalar = prepared[position..<position + length]
      position += length
      if let id = ids[ByteString(scalar)] {
        symbols.append(UInt32(truncatingIfNeeded: id))
        wasUnknown = false
        continue
      }
      let bytes = scalar.compactMap { byteIDs[Int($0)] }
      if bytes.count == length {
        symbols += bytes
        wasUnknown = false
      } else if let unknownID, !wasUnknown {
        symbols.append(UInt32(truncatingIfNeeded: unknownID))
        wasUnknown = true
      }
    }
    merges.merge(&symbols)
    result += symbols
  }

  // MARK: Word pieces

  private func encodeWordPiece(_ text: ArraySlice<UInt8>, into result: inout [UInt32]) {
    let pieces = WordPiece(rules: vocabulary.wordRules)
    let scalars = Array(String(decoding: text, as: UTF8.self).unicodeScalars)
    pieces.words(scalars) { word in
      let found = pieces.pieces(of: scalars[word]) { ids[ByteString($0.bytes)] }
      for id in found ?? [unknownID].compactMap({ $0 }) { result.append(UInt32(truncatingIfNeeded: id)) }
    }
  }

  // MARK: Unigram

  private func encodeUnigram(_ text: ArraySlice<UInt8>, into result: inout [UInt32]) {
    for word in SentencePieceText.words(
      text, cutsAtSpaces: vocabulary.cutsAtSpaces, addsPrefix: vocabulary.spacePrefix != .never)
    {
      for part in unigram?.parts(of: word) ?? [] {
        if let id = part.id {
          result.append(UInt32(truncatingIfNeeded: id))
          continue
        }
        let bytes = word[part.range].compactMap { byteIDs[Int($0)] }
        if bytes.count == part.range.count {
          result += bytes
        } else if let unknownID {
          result.append(UInt32(truncatingIfNeeded: unknownID))
        }
      }
    }
  }

  // MARK: Byte level

  private func encodeByteLevel(_ part: ArraySlice<UInt8>, into result: inout [UInt32]) {
    let isPrefixed = vocabulary.spacePrefix == .everySegment && part.first != 0x20
    let text = isPrefixed ? ArraySlice([0x20] + part) : part
    var cache = WordCache()
    splitter.words(of: text) { result += cache.ids(of: ByteString($0), encodeWord) }
  }

  private func encodeWord(_ word: ByteString) -> [UInt32] {
    if vocabulary.ignoresMerges, let id = ids[ByteString(ByteLevel.encode(word.bytes))] {
      return [UInt32(truncatingIfNeeded: id)]
    }
    var symbols = word.bytes.compactMap { byteIDs[Int($0)] }
    merges.merge(&symbols)
    return symbols
  }
}
