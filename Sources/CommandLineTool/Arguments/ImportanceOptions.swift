import ArgumentParser
import Ingot

/// An importance matrix and which of its entries are used.
struct ImportanceOptions: ParsableArguments {
  @Option(
    name: .customLong("imatrix"),
    help: ArgumentHelp("Weight quantization errors by this importance matrix (imatrix file).", valueName: "file"),
    completion: .file())
  var path: String?

  @Option(
    name: .customLong("include-weights"),
    help: ArgumentHelp(
      "Use only imatrix entries whose name contains this text; may be repeated.", valueName: "text"))
  var included: [String] = []

  @Option(
    name: .customLong("exclude-weights"),
    help: ArgumentHelp("Ignore imatrix entries whose name contains this text; may be repeated.", valueName: "text")
  )
  var excluded: [String] = []

  func validate() throws {
    if !included.isEmpty, !excluded.isEmpty {
      throw ValidationError("expected only one of --include-weights and --exclude-weights")
    }
    if path == nil, !(included + excluded).isEmpty {
      throw ValidationError("--include-weights and --exclude-weights choose from an importance matrix (pass --imatrix)")
    }
  }

  /// The files that these options name.
  var inputFiles: [InputFile] { path.map { [InputFile("--imatrix", $0)] } ?? [] }

  /// The matrix with the entries that are used; nil if none is given or none remains.
  func matrix() throws -> ImportanceMatrix? {
    guard let path else { return nil }
    let matrix = try ImportanceMatrix.open(path)
    for (option, patterns) in [("--include-weights", included), ("--exclude-weights", excluded)] {
      for pattern in patterns where !matrix.entries.contains(where: { $0.name.text.contains(pattern) }) {
        throw ConversionError.importanceMatchesNothing(option: option, pattern: pattern)
      }
    }
    let chosen = matrix.filtered { name in
      included.isEmpty ? !excluded.contains { name.text.contains($0) } : included.contains { name.text.contains($0) }
    }
    return chosen.entries.isEmpty ? nil : chosen
  }
}
