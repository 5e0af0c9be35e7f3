import ArgumentParser
import Ingot

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

struct WorkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "work",
    abstract: "Makes one part of a plan.",
    discussion: """
      A part that is there and right is left as it is, so a part can be tried as often as needed. The status is \
      \(ExitStatus.tryAgain.rawValue) if another try may succeed: a disk was full or failed, another run makes the part. \
      Relative paths of the plan are taken from the working folder.

      EXAMPLES:
        # Make part 3.
        ingot work plan.json --part 3
        # Make the part of this task of a job array.
        ingot work plan.json --part-from SLURM_ARRAY_TASK_ID
      """)

  @OptionGroup var folder: PartFolderOptions

  @Option(help: ArgumentHelp("Number of the part, from 0.", valueName: "number"))
  var part: Int?

  @Option(
    name: .customLong("part-from"),
    help: ArgumentHelp("Variable of the environment that has the number.", valueName: "variable"))
  var variable: String?

  @OptionGroup var report: ReportOptions

  func validate() throws {
    guard (part == nil) != (variable == nil) else { throw ValidationError("expected one of --part and --part-from") }
  }

  func run() throws {
    do {
      try work(number)
    } catch let error as any IngotError where error.mayPass {
      throw PassingFailure(error: error)
    }
  }

  private var number: Int {
    get throws {
      if let part { return part }
      let name = variable ?? ""
      guard let value = getenv(name).map({ String(cString: $0) }) else {
        throw ValidationError("--part-from \(name): the environment has no such variable")
      }
      guard let number = Int(value) else {
        throw ValidationError("--part-from \(name): is \(value.quoted), expected the number of a part")
      }
      return number
    }
  }

  private func work(_ number: Int) throws {
    let folder = try folder.open()
    let (command, parts) = try folder.derive(replacing: true)
    let byteCount = folder.plan.byteCounts.indices.contains(number) ? folder.plan.byteCounts[number] : 0
    let progress = ProgressLine(totalByteCount: byteCount, isQuiet: report.quiet)
    defer { progress.finish() }
    let outcome = try parts.work(
      number, in: folder, threads: report.threadCount, detail: command.execution.detail
    ) { progress.advance($0) }
    let seconds = progress.seconds
    progress.finish()
    try report.print(
      json: {
        .members([
          "schema": .string("ingot.work/1"), "plan": .string(folder.plan.digest), "part": .integer(number),
          "path": .string(folder.partPath(number)), "bytes": .integer(byteCount), "made": .bool(outcome == .made),
          "seconds": .real(seconds),
        ])
      },
      text: {
        let words = outcome == .made ? "made in \(seconds.fixed(2)) s" : "was there already"
        return "part \(number): \(folder.partPath(number).escapedForDisplay), \(byteCount.byteSize), \(words)\n"
      })
  }
}

/// A failure after which another try may succeed.
private struct PassingFailure: IngotError {
  let error: any IngotError

  var category: ErrorCategory { .temporary }
  var mayPass: Bool { true }
  var description: String { error.description }
  var constituents: [any IngotError] { error.constituents }
}
