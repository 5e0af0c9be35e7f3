import Foundation
import TestSupport

/// The built program, run as a user runs it.
enum Program {
  /// How a run ended and what it said.
  struct Run {
    let output: String
    let error: String
    /// The exit status; nil if a signal ended the run.
    let status: Int32?
  }

  /// The folder of the package, in which the program runs, so that paths in its output are relative.
  static let packageFolder: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/")
  }()

  /// The program beside the test bundle.
  static let path: String = {
    #if os(macOS)
      let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? Bundle.main
      let folder = bundle.bundleURL.deletingLastPathComponent()
    #else
      let folder = Bundle.main.bundleURL
    #endif
    return folder.appendingPathComponent("ingot").path
  }()

  /// Runs the program with `arguments`.
  static func run(
    _ arguments: [String], in folder: String = packageFolder, environment: [String: String] = [:]
  ) throws -> Run {
    try execute(path, arguments, in: folder, environment: environment)
  }

  /// Runs a line of shell in which `$ingot` is the program.
  static func shell(_ line: String, in folder: String = packageFolder) throws -> Run {
    try execute("/bin/bash", ["-c", line], in: folder)
  }

  private static func execute(
    _ executable: String, _ arguments: [String], in folder: String, environment: [String: String] = [:]
  ) throws -> Run {
    let streams = TemporaryFolder()
    for name in ["out", "err"] { try streams.write([], to: name) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = ["ingot": path, "PATH": "/usr/bin:/bin", "COLUMNS": "100", "LC_ALL": "C.UTF-8"]
      .merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: streams.file("out")))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: streams.file("err")))
    try process.run()
    process.waitUntilExit()
    return Run(
      output: try text(streams.file("out")), error: try text(streams.file("err")),
      status: process.terminationReason == .exit ? process.terminationStatus : nil)
  }

  private static func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
  }
}
