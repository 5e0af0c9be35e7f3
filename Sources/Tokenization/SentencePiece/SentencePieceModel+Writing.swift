import Bytes
import Tensors

extension SentencePieceModel {
  /// The model as a protobuf message, in the field order that SentencePiece itself writes.
  func encoded() -> [UInt8] {
    var writer = ProtobufWriter()
    for piece in pieces {
      var message = ProtobufWriter()
      message.write(1, bytes: piece.text)
      message.write(2, float: piece.score)
      if piece.type != .normal { message.write(3, varint: UInt64(piece.type.rawValue)) }
      writer.write(1, bytes: message.bytes)
    }
    var trainer = ProtobufWriter()
    trainer.write(3, varint: algorithm.rawValue)
    trainer.write(4, varint: UInt64(pieces.count))
    trainer.write(35, varint: hasByteFallback ? 1 : 0)
    for (field, id) in [(40, unknownID), (41, startID), (42, endID), (43, padID)] {
      // Negative integers are written as 64-bit two's complement.
      trainer.write(field, varint: UInt64(bitPattern: Int64(id)))
    }
    for (field, id) in [(45, unknownID), (46, startID), (47, endID)] where pieces.indices.contains(id) {
      trainer.write(field, bytes: pieces[id].text)
    }
    writer.write(2, bytes: trainer.bytes)
    var normalizer = ProtobufWriter()
    normalizer.write(1, bytes: Array("identity".utf8))
    if !normalizationTable.isEmpty { normalizer.write(2, bytes: normalizationTable) }
    normalizer.write(3, varint: addsSpacePrefix ? 1 : 0)
    normalizer.write(4, varint: removesExtraSpaces ? 1 : 0)
    normalizer.write(5, varint: 1)
    writer.write(3, bytes: normalizer.bytes)
    return writer.bytes
  }
}

/// Writes the fields of one protobuf message.
private struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  mutating func write(_ field: Int, varint value: UInt64) {
    append(UInt64(field) << 3)
    append(value)
  }

  mutating func write(_ field: Int, bytes value: [UInt8]) {
    append(UInt64(field) << 3 | 2)
    append(UInt64(value.count))
    bytes += value
  }

  mutating func write(_ field: Int, float value: Float) {
    append(UInt64(field) << 3 | 5)
    for shift in stride(from: UInt32(0), to: 32, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
    }
  }

  private mutating func append(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

extension Vocabulary {
  /// The SentencePiece model of this vocabulary; nil for byte-level ones and for those whose scores say nothing.
  ///
  /// Padding tokens at the end, and added tokens after the pieces, are not part of it.
  func sentencePieceModel() -> SentencePieceModel? {
    guard kind.hasScores, hasTellingScores else { return nil }
    let added = Set(addedTokens.map(\.id))
    guard let last = tokens.indices.last(where: { types[$0] != .unused && !added.contains($0) }) else { return nil }
    var model = SentencePieceModel()
    let unknown = id(of: .unk) ?? types.firstIndex(of: .unknown) ?? id(ofText: "<unk>") ?? 0
    for id in 0...last {
      var type = types[id] == .undefined ? TokenType.normal : types[id]
      // A SentencePiece model has exactly one unknown piece.
      if id == unknown { type = .unknown } else if type == .unknown { type = .control }
      let isPlain = type == .normal || type == .byte || type == .unused
      model.pieces.append(
        SentencePieceModel.Piece(text: pieceBytes(id), score: isPlain ? scores[id] : 0, type: type))
    }
    model.algorithm = kind == .unigram ? .unigram : .bpe
    model.normalizationTable = normalizationTable
    model.hasByteFallback = types.contains(.byte)
    model.addsSpacePrefix = spacePrefix != .never
    model.removesExtraSpaces = removesExtraSpaces ?? false
    model.unknownID = unknown
    model.startID = id(of: .bos) ?? -1
    model.endID = id(of: .eos) ?? -1
    model.padID = id(of: .pad) ?? -1
    return model
  }

  /// Whether the scores of ordinary pieces differ; a tokenizer.json without scores gives all of them the same.
  private var hasTellingScores: Bool {
    guard scores.count == count else { return false }
    let ordinary = tokens.indices.lazy.filter { types[$0] == .normal }.map { scores[$0] }
    guard let first = ordinary.first else { return false }
    return ordinary.contains { $0 != first }
  }
}
