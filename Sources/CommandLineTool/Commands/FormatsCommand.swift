import ArgumentParser
import Ingot

struct FormatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "formats",
    abstract: "Lists the containers, storage formats and recipes.",
    discussion: """
      EXAMPLES:
        # Which formats are decoded and encoded?
        ingot formats
        # The same for a script.
        ingot formats --json
      """)

  @OptionGroup var report: ReportOptions

  func run() throws {
    let catalog = FormatCatalog()
    try report.print(json: { catalog.json }, text: { catalog.text })
  }
}

extension FormatCatalog {
  fileprivate var text: String {
    var table = Table([
      "format": .left, "kind": .left, "bits": .right, "elements": .right, "bytes": .right, "ggml type": .right,
      "safetensors": .left, "decoded": .left, "encoded": .left,
    ])
    table.expendable = ["safetensors", "ggml type"]
    for entry in entries {
      let facts = entry.format.facts
      table.append(
        entry.format.name, facts.kind.wording, entry.format.bitsPerElement.fixed(4).trimmedZeros,
        facts.elementsPerBlock.grouped, facts.bytesPerBlock.grouped, facts.ggmlType.map { "\($0)" } ?? "–",
        facts.isSafeTensorsType ? "yes" : "no", entry.isDecodable ? "yes" : "no", entry.isEncodable ? "yes" : "no")
    }
    let containers = """
      Containers, read and written: safetensors (files, shard sets, model folders), GGUF (files, split sets).
      Elements and bytes are those of a block; bits are those of an element.


      """
    let recipes = """

      Recipes of --type and quantize, which give each matrix its own format by rules:
      \(Recipe.names.joined(separator: ", "))

      """
    return containers.wrapped + table.text() + recipes.wrapped
  }
}

extension String {
  /// `4.5` for `4.5000`, `8` for `8.0000`.
  fileprivate var trimmedZeros: String {
    guard contains(".") else { return self }
    let kept = reversed().drop { $0 == "0" }.drop { $0 == "." }
    return String(kept.reversed())
  }
}
