import Foundation
import Testing

/// A run whose whole output is compared with a committed file.
///
/// `INGOT_REGENERATE_SNAPSHOTS=1 swift test --filter CommandLineTests` writes the files anew; the change is then
/// reviewed like code.
struct Snapshot: CustomTestStringConvertible, Sendable {
  /// The file in `Snapshots`, without its extension.
  let name: String
  let arguments: [String]

  init(_ name: String, _ arguments: String...) {
    self.name = name
    self.arguments = arguments
  }

  var testDescription: String { (["ingot"] + arguments).joined(separator: " ") }

  private var path: String { Program.packageFolder + "/Tests/CommandLineTests/Snapshots/\(name).txt" }

  func check() throws {
    let run = try Program.run(arguments)
    let status = try #require(run.status, "\(testDescription) was ended by a signal")
    var text = "$ \(testDescription)\n\(run.output)"
    if !run.error.isEmpty { text += "-- standard error\n\(run.error)" }
    text += "-- status \(status)\n"
    if ProcessInfo.processInfo.environment["INGOT_REGENERATE_SNAPSHOTS"] != nil {
      try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
    let expected = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text == expected, "differs from Snapshots/\(name).txt")
  }
}
