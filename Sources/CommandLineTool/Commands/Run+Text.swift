import Ingot

/// The output of `ingot run`.
struct RunReport {
  let path: String
  var next: NextTokens?
  var embedding: TextEmbedding?
  var scores: TextScores?
  var perplexity: Perplexity?

  var text: String {
    var pairs = [("model", path.escapedForDisplay)]
    if let perplexity {
      pairs.append(("perplexity", "\(perplexity), \(counted(perplexity.scoredCount, "token")) scored"))
    }
    pairs += next?.headlines ?? embedding?.headlines ?? scores?.headlines ?? []
    return definitionList(pairs) + ((next?.table ?? scores?.table).map { "\n" + $0 } ?? "")
  }

  var json: JSON {
    var report: JSON.Object = ["schema": .string("ingot.run/1"), "model": .string(path)]
    if let perplexity { report["perplexity"] = perplexity.json }
    if let next {
      report["tokens"] = .array(next.tokens.map { .integer($0) })
      if let input = next.decoderTokens { report["decoder_tokens"] = .array(input.map { .integer($0) }) }
      report["next"] = next.json
      if let continuation = next.continuation { report["continuation"] = continuation.json(next.tokenizer) }
    }
    if let embedding {
      report["tokens"] = .array(embedding.tokens.map { .integer($0) })
      report["embedding"] = .array(embedding.values.map { .real(Double("\($0)") ?? 0) })
    }
    if let scores {
      report["tokens"] = .array(scores.tokens.map { .integer($0) })
      report["scores"] = scores.json
    }
    return .object(report)
  }
}

/// The ids of a sequence, as one line.
private func tokenList(_ tokens: [Int]) -> String {
  // More ids are only counted.
  let shownCount = 32
  let ids = tokens.prefix(shownCount).map(String.init).joined(separator: ",")
  return "\(tokens.count.grouped) (\(ids)\(tokens.count > shownCount ? ",…" : ""))"
}

/// The text embedding of an encoder.
struct TextEmbedding {
  let tokens: [Int]
  let values: [Float]

  /// Values that are shown; --json has all.
  private static let shownCount = 8

  var headlines: [(String, String)] {
    let length = values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    let first = values.prefix(Self.shownCount).map { Double($0).fixed(4) }.joined(separator: ", ")
    return [
      ("tokens", tokenList(tokens)),
      ("embedding", "\(counted(values.count, "value")) (\(first)\(values.count > Self.shownCount ? ", …" : ""))"),
      ("length", length.fixed(4)),
    ]
  }
}

/// The scores that a classifier head gives a text.
struct TextScores {
  let tokens: [Int]
  /// The names of the labels; empty if the model has none.
  let labels: [String]
  let values: [Float]

  var headlines: [(String, String)] { [("tokens", tokenList(tokens))] }

  var table: String {
    var table = Table(["label": .right, "name": .left, "score": .right])
    for (index, value) in values.enumerated() {
      table.append("\(index)", name(index) ?? "", Double(value).fixed(4))
    }
    return table.text()
  }

  var json: JSON {
    .array(
      values.enumerated().map { index, value in
        .members([
          "label": .integer(index), "name": name(index).map { .string($0) } ?? .null,
          "score": .real(Double("\(value)") ?? 0),
        ])
      })
  }

  private func name(_ index: Int) -> String? { labels.indices.contains(index) ? labels[index] : nil }
}

/// The predictions of a model after a sequence of tokens.
struct NextTokens {
  let tokens: [Int]
  /// The decoder input of an encoder–decoder, its start token first.
  let decoderTokens: [Int]?
  let ranking: TokenRanking
  let continuation: GreedyContinuation?
  /// Gives the text of tokens; nil if the model has none.
  let tokenizer: Tokenizer?

  var headlines: [(String, String)] {
    var pairs = [("tokens", tokenList(tokens))]
    if let decoderTokens { pairs.append(("decoder tokens", tokenList(decoderTokens))) }
    if let continuation {
      let words = text(of: continuation.tokens)?.quoted
      pairs.append(("continuation", words ?? continuation.tokens.map(String.init).joined(separator: ",")))
    }
    return pairs
  }

  var table: String {
    var table = Table(["next token": .right, "text": .left, "probability": .right, "logit": .right])
    for entry in ranking.entries {
      table.append(
        "\(entry.token)", text(of: [entry.token])?.quoted ?? "", entry.probability.fixed(6),
        Double(entry.logit).fixed(4))
    }
    return table.text()
  }

  var json: JSON {
    .array(
      ranking.entries.map { entry in
        .members([
          "token": .integer(entry.token), "text": text(of: [entry.token]).map { .string($0) } ?? .null,
          "logit": .real(Double("\(entry.logit)") ?? 0), "probability": .real(entry.probability),
        ])
      })
  }

  /// The text that `ids` add; a leading space is decoded only after another token.
  private func text(of ids: [Int]) -> String? {
    guard let tokenizer, let last = (decoderTokens ?? tokens).last else { return nil }
    let before = tokenizer.decodeBytes([last])
    let after = tokenizer.decodeBytes([last] + ids)
    return String(decoding: after.starts(with: before) ? after.dropFirst(before.count) : after[...], as: UTF8.self)
  }
}
