import Tensors

// llama.cpp's converters wrote the pieces of tokenizer.model so (convert-pth-to-ggml.py, 20 March 2023):
//
//   unknown   0          " ⁇ "
//   control   1, 2       an empty text
//   byte      3 … 258    the byte itself; from the first converter U+FFFD for bytes that are not UTF-8 alone
//   others    259 …      the piece, with a space in place of "▁"; tokens added later have the score −1000

extension LegacyGGML.TokenList {
  /// The value of `tokenizer.ggml.model` for pieces with scores.
  private static let sentencePieceModel = "llama"
  /// The id of the first piece that is neither special nor a byte.
  private static let firstPiece = 259
  /// The score of tokens that were added to those of tokenizer.model.
  private static let addedScore: Float = -1000
  private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

  /// `enum llama_token_type` of llama.h.
  private enum TokenType: Int32 { case normal = 1, unknown, control, userDefined, unused, byte }

  /// Returns the pairs that a GGUF has for this vocabulary, and what is assumed; no pairs if it is not one of SentencePiece.
  ///
  /// - Parameter tokenCount: the tokens that the header states.
  func metadata(tokenCount: Int) -> (pairs: Metadata, remarks: [String]) {
    guard !texts.isEmpty else { return (Metadata(), []) }
    guard isOfSentencePiece else {
      return (
        Metadata(),
        ["the vocabulary does not begin with unknown, start and end of SentencePiece, so it is left out"]
      )
    }
    var remarks: [String] = []
    var tokens = PackedStrings(), types: [Int32] = [], values = scores
    if scores.isEmpty {
      values = texts.indices.map { $0 < Self.firstPiece ? 0 : -Float($0 - Self.firstPiece) }
      remarks.append("the file has no scores of tokens: minus the rank is assumed, as in a BPE of SentencePiece")
    }
    let addedStart = (scores.lastIndex { $0 != Self.addedScore } ?? -1) + 1
    for (id, text) in texts.enumerated() {
      let (piece, type) = piece(id, text, isAdded: !scores.isEmpty && id >= addedStart)
      tokens.append(piece)
      types.append(type.rawValue)
    }
    if lacksLast {
      remarks.append("the header counts \(tokenCount.grouped) tokens and one is missing: it is named \"<pad>\"")
      tokens.append(Array("<pad>".utf8))
      types.append(TokenType.control.rawValue)
      values.append(Self.addedScore)
    }
    var pairs = Metadata()
    pairs["tokenizer.ggml.model"] = .string(ByteString(Self.sentencePieceModel))
    pairs["tokenizer.ggml.pre"] = .string("default")
    pairs["tokenizer.ggml.tokens"] = .array(.string(tokens))
    pairs["tokenizer.ggml.scores"] = .array(.float32(values))
    pairs["tokenizer.ggml.token_type"] = .array(.int32(types))
    for (id, key) in ["unknown", "bos", "eos"].enumerated() {
      pairs["tokenizer.ggml.\(key)_token_id"] = .uint32(UInt32(id))
    }
    return (pairs, remarks)
  }

  /// Whether the first three tokens are those of SentencePiece.
  private var isOfSentencePiece: Bool {
    let expected: [Set<[UInt8]>] = [
      [Array(" \u{2047} ".utf8), Array("<unk>".utf8), []], [[], Array("<s>".utf8)], [[], Array("</s>".utf8)],
    ]
    return texts.count > 2 && zip(expected, texts).allSatisfy { $0.contains($1) }
  }

  private func piece(_ id: Int, _ text: [UInt8], isAdded: Bool) -> ([UInt8], TokenType) {
    switch id {
    case 0: return (Array("<unk>".utf8), .unknown)
    case 1: return (Array("<s>".utf8), .control)
    case 2: return (Array("</s>".utf8), .control)
    case 3..<Self.firstPiece:
      let byte = UInt8(id - 3)
      if text == [byte] || byte >= 0x80 && text == Self.replacement {
        return (Array("<0x\(byte.hexadecimal.uppercased())>".utf8), .byte)
      }
    default: break
    }
    if text.isEmpty { return ([], .control) }
    let piece = text.flatMap { $0 == UInt8(ascii: " ") ? Self.spaceMark : [$0] }
    return (isAdded ? text : piece, isAdded ? .userDefined : .normal)
  }

  /// "▁"
  private static let spaceMark: [UInt8] = [0xE2, 0x96, 0x81]
}
