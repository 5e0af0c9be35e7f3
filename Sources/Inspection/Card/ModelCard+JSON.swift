import Bytes

extension ModelCard {
  /// The name and version of the layout of `json`.
  public static let schema = "ingot.card/1"

  /// The facts of the card.
  public var json: JSON {
    .members([
      "schema": .string(Self.schema),
      "path": .string(path),
      "models": .array(entries.map(\.json)),
      "other_files": .array(
        others.map { file, kind in
          var members = file.json.object ?? [:]
          members["kind"] = .string(kind)
          return .object(members)
        }),
      "measurement": measurement?.json ?? .null,
      "messages": .array(messages.map(JSON.string)),
    ])
  }
}

extension ModelCard.File {
  var json: JSON {
    .members(["name": .string(name), "bytes": .integer(byteCount), "sha256": .string(sha256)])
  }
}

extension ModelCard.Entry {
  var json: JSON {
    .members([
      "name": .string(name),
      "files": .array(files.map(\.json)),
      "bytes": .integer(byteCount),
      "type": .optional(type),
      "bits_per_weight": .optional(bitsPerWeight),
      "formats": .array(formats.map { .members(["format": .string($0.name), "share": .real($0.share)]) }),
      "imatrix": imatrix.map {
        .members([
          "name": .optional($0.name), "sha256": .optional($0.sha256), "dataset": .optional($0.dataset),
          "chunks": $0.chunkCount.map { .integer($0) } ?? .null, "entries": $0.entryCount.map { .integer($0) } ?? .null,
        ])
      } ?? .null,
      "figures": figures?.json ?? .null,
      "conversion": conversion.map { conversion in
        .members([
          "arguments": .array(conversion.arguments.map(JSON.string)), "version": .optional(conversion.toolVersion),
          "rules": .array(
            conversion.rules.map {
              .members([
                "tensors": .string($0.name), "count": .integer($0.count), "format": .string($0.format),
                "rule": .string($0.rule),
              ])
            }),
        ])
      } ?? .null,
    ])
  }
}

extension ModelCard.Figures {
  fileprivate var json: JSON {
    .members([
      "kl": .optional(divergence), "kl_standard_error": .optional(divergenceError), "kl_p99": .optional(divergenceP99),
      "top1": .optional(topOneAgreement), "perplexity": .optional(perplexity),
      "perplexity_standard_error": .optional(perplexityError), "perplexity_ratio": .optional(perplexityRatio),
      "perplexity_ratio_standard_error": .optional(perplexityRatioError), "quality": .optional(quality),
    ])
  }
}

extension ModelCard.Measurement {
  fileprivate var json: JSON {
    .members([
      "reference": .string(reference), "perplexity": .optional(perplexity),
      "perplexity_standard_error": .optional(perplexityError), "tokens": tokenCount.map { .integer($0) } ?? .null,
      "chunks": chunkCount.map { .integer($0) } ?? .null, "text": .optional(text), "text_sha256": .optional(textSHA256),
    ])
  }
}

extension JSON {
  /// A string, or null.
  fileprivate static func optional(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
  /// A number, or null.
  fileprivate static func optional(_ value: Double?) -> JSON { value.map(JSON.real) ?? .null }
}
