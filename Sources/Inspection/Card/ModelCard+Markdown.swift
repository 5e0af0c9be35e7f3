import Bytes

extension ModelCard {
  /// Parts of the text that are written on request.
  public struct Options: Sendable {
    /// Whether the storage format of each tensor is listed with the rule that chose it.
    public var listsRules = false

    /// The default options.
    public init() {}
  }

  /// The section of a README in GitHub Markdown: files, digests, and how they were made and measured.
  public func markdown(_ options: Options = Options()) -> String {
    ([filesSection, measurementSection, otherSection, digestSection, imatrixSection, commandSection]
      + (options.listsRules ? [rulesSection] : [])).compactMap { $0 }.joined(separator: "\n")
  }

  /// A column of the table of files; it is left out if no file has a value.
  private struct Column: Sendable {
    let title: String
    var isNumber = true
    let cell: @Sendable (Entry) -> String?
  }

  private static let columns = [
    Column(title: "type", isNumber: false) { $0.type ?? $0.formats.first?.name },
    Column(title: "size") { $0.byteCount.byteSize },
    Column(title: "bits/weight") { $0.bitsPerWeight?.fixed(2) },
    Column(title: "KL divergence") { entry in
      entry.figures?.divergence.map { $0 == 0 ? "0" : $0.withUncertainty(entry.figures?.divergenceError ?? 0) }
    },
    Column(title: "KL p99") { $0.figures?.divergenceP99?.metricText },
    Column(title: "same top token") { $0.figures?.topOneAgreement?.percentage },
    Column(title: "perplexity") { entry in
      entry.figures?.perplexity.map { $0.withUncertainty(entry.figures?.perplexityError ?? 0) }
    },
    Column(title: "perplexity ratio") { entry in
      entry.figures?.perplexityRatio.map { $0.withUncertainty(entry.figures?.perplexityRatioError ?? 0) }
    },
    Column(title: "quality", isNumber: false) { $0.figures?.quality },
  ]

  private var filesSection: String {
    let columns = Self.columns.filter { column in entries.contains { column.cell($0) != nil } }
    return "## Files\n\n"
      + Markdown.table(
        ["file"] + columns.map(\.title), isRightAligned: [false] + columns.map(\.isNumber),
        rows: entries.map { entry in
          [Self.link(entry)] + columns.map { $0.cell(entry).map(Markdown.escaped) ?? "–" }
        })
  }

  /// A link to the file; of a split GGUF to the first shard.
  private static func link(_ entry: Entry) -> String {
    let shards = entry.files.count > 1 ? " (\(entry.files.count.grouped) shards)" : ""
    return "[\(Markdown.escaped(entry.name))](\(Markdown.percentEncoded(entry.name)))\(shards)"
  }

  private var measurementSection: String? {
    guard let measurement else { return nil }
    var words = "Compared with \(Markdown.escaped(measurement.reference))"
    if let perplexity = measurement.perplexity {
      words += " (perplexity \(perplexity.withUncertainty(measurement.perplexityError ?? 0)))"
    }
    if let count = measurement.tokenCount {
      words += " over \(counted(count, "token"))"
      words += (measurement.chunkCount).map { " in \(counted($0, "chunk"))" } ?? ""
    }
    words += ", float32 on the CPU. KL divergence is in nats; ± is one standard error."
    if let text = measurement.text {
      let name = text == "bundled" ? "the text that ingot bundles" : Markdown.escaped(text)
      words += " Text: \(name)\(measurement.textSHA256.map { ", SHA-256 `\($0.hexadecimalOnly)`" } ?? "")."
    }
    return words + "\n"
  }

  private var otherSection: String? {
    guard !others.isEmpty else { return nil }
    return "### Other files\n\n"
      + Markdown.table(
        ["file", "contents", "size"], isRightAligned: [false, false, true],
        rows: others.map { file, kind in
          [
            "[\(Markdown.escaped(file.name))](\(Markdown.percentEncoded(file.name)))", Markdown.escaped(kind),
            file.byteCount.byteSize,
          ]
        })
  }

  /// The digests as `sha256sum --check` reads them.
  private var digestSection: String {
    let files = entries.flatMap(\.files) + others.map(\.file)
    let lines = files.map { "\($0.sha256)  \($0.name.escapedForDisplay)" }
    return "### SHA-256\n\n" + Markdown.codeBlock(lines.joined(separator: "\n"))
  }

  private var imatrixSection: String? {
    var matrices: [Imatrix] = []
    for case let imatrix? in entries.map(\.imatrix) where !matrices.contains(imatrix) { matrices.append(imatrix) }
    guard !matrices.isEmpty else { return nil }
    return "### Importance matrix\n\n"
      + Markdown.table(
        ["file", "SHA-256", "text", "chunks", "entries", "used by"],
        isRightAligned: [false, false, false, true, true, false],
        rows: matrices.map { imatrix in
          [
            imatrix.name.map(Markdown.escaped) ?? "–", imatrix.sha256.map { "`\($0.hexadecimalOnly)`" } ?? "–",
            imatrix.dataset.map(Markdown.escaped) ?? "–", imatrix.chunkCount?.grouped ?? "–",
            imatrix.entryCount?.grouped ?? "–",
            entries.filter { $0.imatrix == imatrix }.map { Markdown.escaped($0.type ?? $0.name) }
              .joined(separator: ", "),
          ]
        })
  }

  /// The mix of formats of each file, and the commands of the receipts.
  private var commandSection: String {
    let mixes = entries.map { entry in
      [
        Markdown.escaped(entry.name),
        entry.formats.map { "\(Markdown.escaped($0.name)) \(($0.share * 100).fixed(1)) %" }.joined(separator: ", "),
      ]
    }
    var text =
      "### How they were made\n\n"
      + Markdown.table(
        ["file", "storage formats, by bytes"], isRightAligned: [false, false], rows: mixes)
    var commands: [String] = []
    for conversion in entries.compactMap(\.conversion) {
      let command = ShellCommand.text([ToolInfo.name] + conversion.arguments)
      if !commands.contains(command) { commands.append(command) }
    }
    let versions = Set(entries.compactMap(\.conversion?.toolVersion)).sorted()
    if !commands.isEmpty {
      text +=
        "\n\(ToolInfo.name) \(versions.map(Markdown.escaped).joined(separator: ", ")):\n\n"
        + Markdown.codeBlock(commands.joined(separator: "\n"), language: "sh")
    }
    return text
  }

  private var rulesSection: String? {
    let listed = entries.filter { !($0.conversion?.rules ?? []).isEmpty }
    guard !listed.isEmpty else { return nil }
    return listed.map { entry in
      "<details><summary>Tensors of \(Markdown.escaped(entry.name))</summary>\n\n"
        + Markdown.table(
          ["tensors", "count", "format", "rule"], isRightAligned: [false, true, false, false],
          rows: (entry.conversion?.rules ?? []).map {
            [Markdown.escaped($0.name), $0.count.grouped, Markdown.escaped($0.format), Markdown.escaped($0.rule)]
          }) + "\n</details>\n"
    }.joined(separator: "\n")
  }
}

extension String {
  /// The hexadecimal digits of a digest, which a document may have replaced by anything.
  fileprivate var hexadecimalOnly: String { filter { $0.isASCII && $0.isHexDigit } }
}
