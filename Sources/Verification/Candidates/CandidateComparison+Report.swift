import Bytes
import Evaluation
import Models

extension CandidateComparison {
  /// The name and version of the layout of `json`.
  public static let schema = "ingot.compare/1"

  /// The names of the reference and the candidates: the last component of each path, or whole paths if two are equal.
  public var names: (reference: String, candidates: [String]) {
    let paths = [reference.path] + candidates.map(\.subject.path)
    let short = paths.map { Path.name(of: $0) }
    let names = Set(short.map { ExactString($0) }).count == paths.count ? short : paths
    return (names[0], Array(names.dropFirst()))
  }

  /// The report.
  public var json: JSON {
    let names = names
    return .members([
      "schema": .string(Self.schema),
      "passes": .bool(passes),
      "text": text?.json ?? .null,
      "tokens": .integer(tokens.tokenCount),
      "left_over_tokens": .integer(tokens.leftOverCount),
      "chunks": .integer(tokens.chunks.count),
      "cache": cache?.json ?? .null,
      "reference": .object(
        members(of: reference, name: names.reference).merging([
          "perplexity": referencePerplexity?.json ?? .null
        ]) { $1 }),
      "candidates": .array(candidates.indices.map { json(at: $0, names.candidates) }),
    ])
  }

  private func members(of subject: Subject, name: String) -> JSON.Object {
    var members = DiffSide(subject.model).json.object ?? [:]
    members["name"] = .string(name)
    members["bytes"] = .integer(subject.byteCount)
    members["bits_per_weight"] = .real(subject.bitsPerWeight)
    members["files"] = .array(subject.files.map(\.json))
    return members
  }

  private func json(at index: Int, _ names: [String]) -> JSON {
    let candidate = candidates[index], dominating = dominating(index)
    var members = members(of: candidate.subject, name: names[index])
    members["passes"] = .bool(candidate.passes)
    members["quality"] = candidate.predictions.quality.json
    members["budget"] = candidate.budget.json
    members.merge(candidate.predictions.members) { $1 }
    members["on_pareto_front"] = .bool(dominating.isEmpty)
    members["dominated_by"] = .array(
      dominating.map {
        .members(["name": .string(names[$0.candidateIndex]), "certain": .bool($0.isCertain)])
      })
    members["findings"] = candidate.findings.json
    return .object(members)
  }

  /// What all models were run on, in words.
  public var headlines: [(name: String, value: String)] {
    var lines = [("reference", "\(reference.path.escapedForDisplay) (\(DiffSide(reference.model).words))")]
    if let text, text.origin != .argument { lines.append(("text", text.description)) }
    lines.append(("tokens", tokens.words))
    if let cache { lines.append(("cache", cache.words)) }
    return lines
  }

  /// A row for the reference and one for each candidate.
  public var table: ReportTable {
    let names = names
    let figures: [ReportTable.Column] =
      isEmbedding
      ? [.right("NMSE"), .right("cosine")]
      : [.right("KL divergence"), .right("p99"), .right("top-1"), .right("perplexity"), .right("ratio")]
    let first = cells(of: reference, name: names.reference)
    let perplexity = referencePerplexity?.description ?? ""
    return ReportTable(
      columns: [.left("model"), .right("size"), .right("bits/weight")] + figures + [
        .left("quality"), .left("dominated by"),
      ],
      rows: [first + (isEmbedding ? ["", ""] : ["", "", "", perplexity, ""]) + ["reference", ""]]
        + candidates.indices.map { index in
          let candidate = candidates[index]
          return cells(of: candidate.subject, name: names.candidates[index]) + figureCells(candidate.predictions)
            + [candidate.predictions.quality.gradeWords, dominatedWords(index, names.candidates)]
        })
  }

  private func cells(of subject: Subject, name: String) -> [String] {
    [name.escapedForDisplay, subject.byteCount.byteSize, subject.bitsPerWeight.fixed(2)]
  }

  private func figureCells(_ predictions: Predictions) -> [String] {
    guard !isEmbedding else {
      return [predictions.logits.normalizedMeanSquareError.metricText, predictions.logits.cosine.fixed(6)]
    }
    return [
      predictions.hasSameBits
        ? "0" : predictions.divergence.mean.withUncertainty(predictions.divergence.standardError),
      predictions.divergence.p99.metricText, predictions.topOneAgreement.percentage,
      predictions.candidatePerplexity?.description ?? "",
      predictions.hasSameBits ? "1" : predictions.perplexityRatio?.description ?? "",
    ]
  }

  /// The best candidate that dominates one: `a.gguf`, or `perhaps a.gguf`; empty on the Pareto front.
  func dominatedWords(_ index: Int, _ names: [String]) -> String {
    guard let best = dominating(index).first else { return "" }
    return (best.isCertain ? "" : "perhaps ") + names[best.candidateIndex].escapedForDisplay
  }

  /// The candidates of the Pareto front in a sentence.
  public var frontWords: String {
    let names = names.candidates
    let front = candidates.indices.filter { dominating($0).isEmpty }.sorted {
      candidates[$0].subject.byteCount > candidates[$1].subject.byteCount
    }
    return "Pareto front: \(front.map { names[$0].escapedForDisplay }.joined(separator: ", "))"
      + " (no other candidate is as small and as good)"
  }

  /// The findings of all candidates, each under the candidate's name.
  public var findingTable: ReportTable {
    let names = names.candidates
    return ReportTable(
      columns: [.left("candidate")] + [Finding]().table.columns,
      rows: zip(names, candidates).flatMap { name, candidate in
        candidate.findings.table.rows.map { [name.escapedForDisplay] + $0 }
      })
  }
}

extension CandidateComparison.CacheUse {
  /// What became of it, and the file.
  public var words: String {
    let path = path.escapedForDisplay
    return switch outcome {
    case .read: "\(path): read, so the reference was not run"
    case .written: "\(path): written"
    case .replaced(let reason): "\(path): \(reason), so it was not used and is written again"
    case .blocked: "\(path): is not a file of logits, so it was not used and is left as it is"
    case .notApplicable: "\(path): not used, because the reference has no logits"
    }
  }

  var json: JSON {
    let (name, reason): (String, JSON) =
      switch outcome {
      case .read: ("read", .null)
      case .written: ("written", .null)
      case .replaced(let reason): ("replaced", .string(reason))
      case .blocked: ("blocked", .null)
      case .notApplicable: ("not_applicable", .null)
      }
    return .members(["path": .string(path), "outcome": .string(name), "reason": reason])
  }
}
