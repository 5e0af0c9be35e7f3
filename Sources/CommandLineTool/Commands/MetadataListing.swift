import Ingot

/// The values of `inspect --metadata`: one whole, or those whose keys match a pattern.
struct MetadataListing {
  /// A key, or a pattern with `*` and `?`.
  let key: String

  /// The elements of an array that a list shows.
  private static let shownElementCount = 4

  /// Prints the values of the checkpoints at `paths`.
  func print(_ paths: [String], _ report: ReportOptions) throws {
    let checkpoints = try paths.map { try Checkpoint.open($0) }
    guard checkpoints.count > 1 || isPattern(for: checkpoints[0].metadata) else {
      let value = try value(in: checkpoints[0])
      return try report.print(json: { value.plainJSON }, text: { value.wholeText })
    }
    for checkpoint in checkpoints where keys(in: checkpoint.metadata).isEmpty { _ = try value(in: checkpoint) }
    try report.print {
      let documents = checkpoints.map { checkpoint in
        JSON.members([
          "schema": .string("ingot.metadata/1"), "path": .string(checkpoint.path),
          "metadata": .object(checkpoint.metadata.json(limit: .max, matching: Glob(key))),
        ])
      }
      guard paths.count > 1 else { return documents[0] }
      return .members(["schema": .string("ingot.metadata-list/1"), "files": .array(documents)])
    } text: {
      checkpoints.map { checkpoint in
        let heading = paths.count > 1 ? checkpoint.path.escapedForDisplay.emphasized + "\n" : ""
        let keys = keys(in: checkpoint.metadata)
        return heading + definitionList(keys.map { ($0.escapedForDisplay, cell($0, checkpoint)) })
      }.joined(separator: paths.count > 1 ? "\n" : "")
    }
  }

  private func isPattern(for metadata: Metadata) -> Bool {
    metadata[key] == nil && key.contains { $0 == "*" || $0 == "?" }
  }

  private func keys(in metadata: Metadata) -> [String] {
    let glob = Glob(key)
    return metadata.pairs.keys.map(\.text).filter { glob.matches($0) }
  }

  private func value(in checkpoint: Checkpoint) throws -> MetadataValue {
    guard let value = checkpoint.metadata[key] else {
      throw MissingMetadata(
        path: checkpoint.path, key: key, known: checkpoint.metadata.pairs.map(\.key.text))
    }
    return value
  }

  private func cell(_ key: String, _ checkpoint: Checkpoint) -> String {
    checkpoint.metadata.cell(key, limit: Self.shownElementCount)
  }
}

extension Metadata {
  /// The value of `key` on one line, with its meaning: `15 Q4_K_M`; arrays are cut after `limit` elements.
  func cell(_ key: String, limit: Int) -> String {
    guard let value = self[key]?.display(limit: limit) else { return "" }
    return value + (words(key).map { " " + $0 } ?? "")
  }
}
