import Ingot

/// What `ingot run` prints.
struct RunReport {
  let path: String
  let next: NextTokens?
  let perplexity: Perplexity?

  var text: String {
    var pairs = [("model", path.escapedForDisplay)]
    if let perplexity {
      pairs.append(("perplexity", "\(perplexity), \(counted(perplexity.scoredCount, "token")) scored"))
    }
    return definitionList(pairs + (next?.headlines ?? [])) + (next.map { "\n" + $0.table } ?? "")
  }

  var json: JSON {
    var report: JSON.Object = ["schema": .string("ingot.run/1"), "model": .string(path)]
    if let perplexity { report["perplexity"] = perplexity.json }
    if let next {
      report["tokens"] = .array(next.tokens.map { .integer($0) })
      if let written = next.decoderTokens { report["decoder_tokens"] = .array(written.map { .integer($0) }) }
      report["next"] = next.json
      if let continuation = next.continuation { report["continuation"] = continuation.json(next.tokenizer) }
    }
    return .object(report)
  }
}

/// What a model expects after a sequence of tokens.
struct NextTokens {
  let tokens: [Int]
  /// What the decoder of an encoder-decoder goes on from, its start token first.
  let decoderTokens: [Int]?
  let ranking: TokenRanking
  let continuation: GreedyContinuation?
  /// For the texts of tokens; nil if the model has none.
  let tokenizer: Tokenizer?

  /// Ids beyond this many are counted only.
  private static let shownCount = 32

  var headlines: [(String, String)] {
    var pairs = [("tokens", Self.words(tokens))]
    if let decoderTokens { pairs.append(("decoder tokens", Self.words(decoderTokens))) }
    if let continuation {
      let words = text(of: continuation.tokens)?.quoted
      pairs.append(("continuation", words ?? continuation.tokens.map(String.init).joined(separator: ",")))
    }
    return pairs
  }

  private static func words(_ tokens: [Int]) -> String {
    let ids = tokens.prefix(shownCount).map(String.init).joined(separator: ",")
    return "\(tokens.count.grouped) (\(ids)\(tokens.count > shownCount ? ",…" : ""))"
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

  /// What `ids` add to the text before them; a space at their front is seen only behind another token.
  private func text(of ids: [Int]) -> String? {
    guard let tokenizer, let last = (decoderTokens ?? tokens).last else { return nil }
    let before = tokenizer.decodeBytes([last])
    let after = tokenizer.decodeBytes([last] + ids)
    return String(decoding: after.starts(with: before) ? after.dropFirst(before.count) : after[...], as: UTF8.self)
  }
}
