import ArgumentParser
import Ingot

/// How a plan is cut into parts, and where it is saved.
struct PlanOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Number of parts, of about equal work.", valueName: "count"))
  var parts: Int?

  @Option(
    name: .customLong("part-bytes"), parsing: .unconditional,
    help: ArgumentHelp("Maximum output of a part, instead of their number: 4G, 500MiB.", valueName: "size"))
  var partSize: SizeArgument?

  @Option(help: ArgumentHelp("File to write the plan to.", valueName: "file"), completion: .file(extensions: ["json"]))
  var save: String

  func validate() throws {
    guard (parts == nil) != (partSize == nil) else { throw ValidationError("expected one of --parts and --part-bytes") }
    if let parts, !(1...Self.maximumCount).contains(parts) {
      throw ValidationError("--parts is \(parts), expected 1 to \(Self.maximumCount.grouped)")
    }
  }

  /// No cluster has so many machines; job arrays end at this or below.
  private static let maximumCount = 100_000

  /// How the plan is cut.
  var cut: PartCut { partSize.map { .byteCount($0.byteCount) } ?? .count(parts ?? 1) }

  /// The options that belong to planning and have a value, and those that have none.
  private static let options = ["--parts", "--part-bytes", "--save", "--threads"]
  private static let flags = ["--json", "--quiet", "--verbose"]

  /// The command that does in one run what `arguments`, which begin with `plan`, plan.
  static func singleRun(_ arguments: [String]) -> [String] {
    var rest = arguments.dropFirst()
    let verbs = ["convert", "quantize", "imatrix", "verify"]
    var result = [verbs[0]]
    if let verb = rest.first, verbs.contains(verb) {
      result = [verb]
      rest = rest.dropFirst()
    }
    while let argument = rest.popFirst() {
      if argument == "--" { return result + [argument] + rest }
      if options.contains(argument) {
        _ = rest.popFirst()
      } else if !flags.contains(argument), !options.contains(where: { argument.hasPrefix($0 + "=") }) {
        result.append(argument)
      }
    }
    return result
  }
}

/// A saved plan and the folder of its parts.
struct PartFolderOptions: ParsableArguments {
  @Argument(help: "Plan, as ingot plan --save writes it.", completion: .file(extensions: ["json"]))
  var plan: String

  @Option(
    name: .customLong("parts-folder"),
    help: ArgumentHelp("Folder of the parts. (default: parts, next to the plan)", valueName: "folder"),
    completion: .directory)
  var folder: String?

  /// A saved plan with the folder of its parts.
  enum Opened {
    case conversion(PartFolder)
    case measurement(MeasuredParts)
  }

  /// Reads the plan.
  func open() throws -> Opened {
    let document = try PlanDocument(plan)
    return document.schema == MeasuringPlan.schema
      ? .measurement(MeasuredParts(of: try MeasuringPlan(document), at: folder))
      : .conversion(PartFolder(of: try SavedPlan(document), at: folder))
  }
}

extension MeasuredParts {
  /// The command of the plan, which measures.
  func command() throws -> any MeasuringCommand {
    guard let command = IngotCommand.measuringCommand(plan.document.arguments) else {
      throw NotRepeatable(arguments: plan.document.arguments)
    }
    return command
  }
}

extension PartFolder {
  /// The command of the plan, and its conversion planned again.
  ///
  /// - Parameter replacing: whether the output may be there already, since it is not written.
  func derive(replacing: Bool) throws -> (command: any PartedCommand, parts: ConversionParts) {
    guard let command = IngotCommand.partedCommand(plan.arguments) else {
      throw NotRepeatable(arguments: plan.arguments)
    }
    try command.requireParts()
    return (
      command,
      try ConversionParts(plan) {
        var conversion = try command.requestedConversion()
        if replacing { conversion.request.overwrite = .replace }
        conversion.request.measuredErrors = plan.measuredErrors
        return try conversion.plan()
      }
    )
  }
}
