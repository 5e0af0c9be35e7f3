import Ingot

/// What a model expects after a sequence of tokens.
struct NextTokens {
  let path: String
  let tokens: [Int]
  let ranking: TokenRanking
  /// For the texts of tokens; nil if the model has none.
  let tokenizer: Tokenizer?

  var text: String {
    var table = Table(["next token": .right, "text": .left, "probability": .right, "logit": .right])
    for entry in ranking.entries {
      table.append(
        "\(entry.token)", text(of: entry.token)?.quoted ?? "", entry.probability.fixed(6),
        Double(entry.logit).fixed(4))
    }
    let ids = tokens.prefix(Self.shownCount).map(String.init).joined(separator: ",")
    let more = tokens.count > Self.shownCount ? ",…" : ""
    return definitionList([
      ("model", path.escapedForDisplay), ("tokens", "\(tokens.count.grouped) (\(ids)\(more))"),
    ]) + "\n" + table.text()
  }

  private static let shownCount = 32

  var json: JSON {
    .members([
      "schema": .string("ingot.run/1"), "model": .string(path), "tokens": .array(tokens.map { .integer($0) }),
      "next": .array(
        ranking.entries.map { entry in
          .members([
            "token": .integer(entry.token), "text": text(of: entry.token).map { .string($0) } ?? .null,
            "logit": .real(Double("\(entry.logit)") ?? 0), "probability": .real(entry.probability),
          ])
        }),
    ])
  }

  /// What `token` adds to the text before it; a space at its front is seen only behind another token.
  private func text(of token: Int) -> String? {
    guard let tokenizer, let last = tokens.last else { return nil }
    let before = tokenizer.decodeBytes([last])
    let after = tokenizer.decodeBytes([last, token])
    return String(decoding: after.starts(with: before) ? after.dropFirst(before.count) : after[...], as: UTF8.self)
  }
}
