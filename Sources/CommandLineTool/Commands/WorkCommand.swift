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
  static let configuration = CommandConfiguration.verb(
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
        # Write part 3 to its place in the output, on a file system that all workers share.
        ingot work plan.json --part 3 --in-place
      """)

  @OptionGroup var folder: PartFolderOptions

  @Option(help: ArgumentHelp("Number of the part, from 0.", valueName: "number"))
  var part: Int?

  @Option(
    name: .customLong("part-from"),
    help: ArgumentHelp("Variable of the environment that has the number.", valueName: "variable"))
  var variable: String?

  @Flag(
    name: .customLong("in-place"),
    help: "Write into the unfinished output, which all workers must reach, instead of a file in the folder of parts.")
  var isInPlace = false

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
    switch try folder.open() {
    case .conversion(let folder): try work(number, in: folder)
    case .measurement(let folder): try measure(number, folder.command(), in: folder)
    }
  }

  private func work(_ number: Int, in folder: PartFolder) throws {
    let (command, parts) = try folder.derive(replacing: true)
    let byteCount = folder.plan.byteCounts.indices.contains(number) ? folder.plan.byteCounts[number] : 0
    let progress = ProgressLine(totalByteCount: byteCount, isQuiet: report.quiet)
    defer { progress.finish() }
    let made = try parts.work(
      number, in: folder, place: isInPlace ? .output : .file, threads: report.threadCount,
      detail: command.execution.detail
    ) { progress.advance($0) }
    let seconds = progress.seconds
    progress.finish()
    try report.print(
      json: {
        .members([
          "schema": .string("ingot.work/1"), "plan": .string(folder.plan.digest), "part": .integer(number),
          "place": .string(made.place.rawValue), "paths": .array(made.paths.map(JSON.string)),
          "bytes": .integer(byteCount), "made": .bool(made.isNew), "seconds": .real(seconds),
        ])
      },
      text: {
        let words = made.isNew ? "made in \(seconds.fixed(2)) s" : "was there already"
        let paths = made.paths.map(\.escapedForDisplay).joined(separator: ", ")
        return "part \(number): \(paths), \(byteCount.byteSize), \(words)\n"
      })
  }
}

extension WorkCommand {
  private func measure(_ number: Int, _ command: some MeasuringCommand, in folder: MeasuredParts) throws {
    if isInPlace { throw ValidationError("--in-place writes into an output, but this plan measures (leave it out)") }
    let parts = try MeasuringParts(folder.plan) { try command.open(writes: false) }, counts = folder.plan.itemCounts
    let itemCount = counts.indices.contains(number) ? counts[number] : 0
    let progress = ProgressLine(total: itemCount, unit: folder.plan.itemName, isQuiet: report.quiet)
    defer { progress.finish() }
    let isNew = try parts.work(number, in: folder, threads: report.threadCount) { progress.advance($0) }
    let seconds = progress.seconds, path = folder.files.partPath(number)
    progress.finish()
    try report.print(
      json: {
        .members([
          "schema": .string("ingot.work/1"), "plan": .string(folder.plan.document.digest), "part": .integer(number),
          "place": .string(PartPlace.file.rawValue), "paths": .array([.string(path)]),
          folder.plan.itemName: .integer(itemCount), "made": .bool(isNew), "seconds": .real(seconds),
        ])
      },
      text: {
        let words = isNew ? "measured in \(seconds.fixed(2)) s" : "was there already"
        return "part \(number): \(path.escapedForDisplay), \(itemCount.grouped) \(folder.plan.itemName), \(words)\n"
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
