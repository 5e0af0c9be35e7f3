import ArgumentParser
import Ingot

/// The options of every command.
struct ReportOptions: ParsableArguments {
  @Flag(help: "Print one JSON document instead of text (schemas: docs/json.md).")
  var json = false

  @Flag(help: "Print no text and no progress, only errors and JSON.")
  var quiet = false

  @Flag(help: "List every problem, not five and a count.")
  var verbose = false

  @Option(parsing: .unconditional, help: "Maximum number of threads. (default: one per core)")
  var threads: Int?

  mutating func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads is \(threads), expected 1 or more") }
  }

  /// The threads to use.
  var threadCount: Int { threads ?? Parallel.coreCount }

  /// Prints a result: as JSON if that was asked for, otherwise, unless quiet, as text.
  func print(json: () -> JSON, text: () -> String) throws {
    var output = StandardOutput()
    if self.json {
      output.write(json().encoded(.indented))
    } else if !quiet {
      output.write(text())
    }
    try output.flush()
  }
}
