import Bytes
import Tokenization

extension VocabularyRules.LeadingPieces {
  /// Reads `{"replaces": 1, "pieces": ["<pad>", {"text": "<unk>NOTUSED", "score": -100}], "last": "<mask>"}`.
  init(_ value: JSON, at keyPath: String) throws(DefinitionError) {
    var entry = try StrictObject(value, at: keyPath)
    let replacedCount = try entry.integer("replaces") ?? 0
    guard replacedCount >= 0 else { throw entry.wrongKind("replaces", "0 or more", .integer(replacedCount)) }
    var pieces: [Piece] = []
    for element in try entry.array("pieces") ?? [] {
      if let text = element.string {
        pieces.append(Piece(text: text))
        continue
      }
      var piece = try StrictObject(element, at: entry.path("pieces"))
      let text = try piece.string("text")
      guard let score = piece.take("score")?.real else { throw piece.missing("score") }
      pieces.append(Piece(text: text, score: Float(score)))
      try piece.finish()
    }
    guard !pieces.isEmpty else { throw entry.missing("pieces") }
    self.init(replacedCount: replacedCount, pieces: pieces, last: try entry.optionalString("last"))
    try entry.finish()
  }

  /// The pieces as a definition spells them.
  public var json: JSON {
    .members([
      "replaces": .integer(replacedCount),
      "pieces": .array(
        pieces.map { piece in
          guard let score = piece.score else { return .string(piece.text) }
          return .members(["text": .string(piece.text), "score": .real(Double(score))])
        }),
      "last": last.map { .string($0) } ?? .null,
    ])
  }
}
