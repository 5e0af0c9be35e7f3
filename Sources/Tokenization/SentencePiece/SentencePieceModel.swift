// The parts of a SentencePiece model (`tokenizer.model`) that a converter needs, with their field numbers:
//
//   ModelProto      1 pieces (repeated) │ 2 trainer_spec │ 3 normalizer_spec
//   SentencePiece   1 piece text │ 2 score float32 │ 3 type
//   TrainerSpec     3 model_type │ 4 vocab_size │ 35 byte_fallback │ 40 unk_id │ 41 bos_id │ 42 eos_id │ 43 pad_id
//                   44 unk_surface │ 45 unk_piece │ 46 bos_piece │ 47 eos_piece │ 48 pad_piece
//   NormalizerSpec  1 name │ 2 precompiled_charsmap │ 3 add_dummy_prefix │ 4 remove_extra_whitespaces
//                   5 escape_whitespaces

/// A SentencePiece model: pieces with scores, and the normalization of text.
struct SentencePieceModel: Hashable {
  /// The algorithm that chooses pieces.
  enum Algorithm: UInt64 {
    case unigram = 1
    case bpe = 2
    case word = 3
    case character = 4
  }

  /// One piece; the raw values of its type are those of `TokenType` from 1 on.
  struct Piece: Hashable {
    var text: [UInt8]
    var score: Float
    var type: TokenType
  }

  var pieces: [Piece] = []
  var algorithm = Algorithm.unigram
  var hasByteFallback = false
  var addsSpacePrefix = true
  var removesExtraSpaces = true
  /// The compiled table of a normalization other than identity; empty for identity.
  var normalizationTable: [UInt8] = []
  var unknownID = 0
  var startID = 1
  var endID = 2
  var padID = -1
}

extension SentencePieceModel {
  /// Reads a model.
  ///
  /// - Throws: `.invalidSentencePiece` for bytes that are not such a message, for text that is not UTF-8, for an empty
  ///   piece, and for a model without pieces.
  init(_ bytes: [UInt8]) throws(VocabularyError) {
    var reader = ProtobufReader(bytes)
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (1, .bytes(let range)): pieces.append(try Self.piece(bytes, range))
      case (2, .bytes(let range)): try readTrainer(bytes, range)
      case (3, .bytes(let range)): try readNormalizer(bytes, range)
      default: break
      }
    }
    guard !pieces.isEmpty else { throw reader.failure("contains no pieces") }
  }

  private static func piece(_ bytes: [UInt8], _ range: Range<Int>) throws(VocabularyError) -> Piece {
    var piece = Piece(text: [], score: 0, type: .normal)
    var reader = ProtobufReader(bytes, range)
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (1, .bytes(let text)): piece.text = Array(bytes[text])
      case (2, .fixed32(let bits)): piece.score = Float(bitPattern: bits)
      case (3, .varint(let raw)):
        guard let type = Int32(exactly: raw).flatMap(TokenType.init), type != .undefined else {
          throw reader.failure("a piece has type \(raw), expected 1 to 6")
        }
        piece.type = type
      default: break
      }
    }
    guard !piece.text.isEmpty else { throw reader.failure("a piece is empty") }
    guard String(validating: piece.text, as: UTF8.self) != nil else { throw reader.failure("a piece is not UTF-8") }
    return piece
  }

  private mutating func readTrainer(_ bytes: [UInt8], _ range: Range<Int>) throws(VocabularyError) {
    var reader = ProtobufReader(bytes, range)
    while let (field, value) = try reader.next() {
      guard case .varint(let raw) = value else { continue }
      let number = Int(Int32(truncatingIfNeeded: raw))
      switch field {
      case 3:
        guard let known = Algorithm(rawValue: raw) else {
          throw reader.failure("unknown model type \(raw), expected 1 to 4")
        }
        algorithm = known
      case 35: hasByteFallback = raw != 0
      case 40: unknownID = number
      case 41: startID = number
      case 42: endID = number
      case 43: padID = number
      default: break
      }
    }
  }

  private mutating func readNormalizer(_ bytes: [UInt8], _ range: Range<Int>) throws(VocabularyError) {
    var reader = ProtobufReader(bytes, range)
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (2, .bytes(let table)): normalizationTable = Array(bytes[table])
      case (3, .varint(let raw)): addsSpacePrefix = raw != 0
      case (4, .varint(let raw)): removesExtraSpaces = raw != 0
      default: break
      }
    }
  }
}
