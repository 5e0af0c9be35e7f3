import Foundation
import TestSupport
import Testing

/// A run whose whole output is compared with a committed file.
///
/// `INGOT_REGENERATE_SNAPSHOTS=1 swift test --filter CommandLineTests` writes the files anew; the change is then
/// reviewed like code.
struct Snapshot: CustomTestStringConvertible, Sendable {
  /// The file in `Snapshots`, without its extension.
  let name: String
  let arguments: [String]
  /// The fixture of an architecture that lies under its name in the folder of the run; nil for a run in the package.
  let staged: String?

  init(_ name: String, _ arguments: String..., staged: String? = nil) {
    self.name = name
    self.arguments = arguments
    self.staged = staged
  }

  var testDescription: String { (["ingot"] + arguments).joined(separator: " ") }

  private var path: String { Program.packageFolder + "/Tests/CommandLineTests/Snapshots/\(name).txt" }

  func check() throws {
    let folder = TemporaryFolder()
    _ = try staged.map { try ArchitectureFixture.named($0).stage(in: folder) }
    let run = try Program.run(arguments, in: staged == nil ? Program.packageFolder : folder.path)
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
