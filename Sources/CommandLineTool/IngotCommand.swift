import ArgumentParser
import Ingot

/// The root command.
struct IngotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: ToolInfo.name,
    abstract: "Converts, quantizes, inspects and verifies LLM checkpoints (safetensors and GGUF).",
    discussion: """
      Exit status: \(ExitStatus.sentence).

      ingot help topics lists pages on types, naming schemes, sources, budgets and the environment.

      EXAMPLES:
        # Quantize a model folder to a GGUF.
        ingot convert model -o model-Q4_K_M.gguf --type Q4_K_M
        # Compare its predictions with the original's.
        ingot verify model model-Q4_K_M.gguf --text "The quick brown fox"
      """,
    version: "\(ToolInfo.name) \(ToolInfo.version)",
    groupedSubcommands: [
      CommandGroup(
        name: "Inspect",
        subcommands: [
          Inspect.self, ListCommand.self, TensorCommand.self, Check.self, Diff.self, Hash.self, Tokenize.self,
        ]),
      CommandGroup(
        name: "Convert",
        subcommands: [
          Convert.self, Quantize.self, Dequantize.self, Split.self, Join.self, MergeCommand.self, GraftCommand.self,
          Imatrix.self, Meta.self,
        ]),
      CommandGroup(
        name: "Convert in parts",
        subcommands: [PlanCommand.self, WorkCommand.self, StatusCommand.self, AssembleCommand.self]),
      CommandGroup(name: "Verify", subcommands: [Verify.self, Compare.self, Card.self, Certify.self, Run.self]),
      CommandGroup(name: "More", subcommands: [FormatsCommand.self, ArchitecturesCommand.self]),
    ])
}

/// A command that converts.
protocol ConversionCommand: ParsableCommand {
  /// The files that the arguments name apart from source and output, adapters included.
  var namedFiles: [InputFile] { get }
  /// Returns the conversion that the arguments ask for.
  func requestedConversion() throws -> RequestedConversion
}

/// A command whose conversion can be cut into parts.
protocol PartedCommand: ConversionCommand {
  /// The options of running it.
  var execution: ExecutionOptions { get }
  /// Throws for options that have no meaning in parts.
  func requireParts() throws
  /// Does what `plan` says, as it says in a run of its own.
  func carryOut(
    _ plan: ConversionPlan, by way: ConversionJob.Execution, arguments: [String], _ report: ReportOptions) throws
}

extension PartedCommand {
  /// Plans the conversion; the measuring of a size target shows its progress.
  func planned(_ report: ReportOptions) throws -> ConversionPlan {
    let conversion = try requestedConversion()
    guard case .size = conversion.request.type else { return try conversion.plan(threads: report.threadCount) }
    let source = try conversion.open()
    let progress = ProgressLine(total: source.tensors.count, unit: "tensors measured", isQuiet: report.quiet)
    defer { progress.finish() }
    return try Planner.plan(source, conversion.request, threads: report.threadCount) { progress.advance($0) }
  }

  /// Measures for a size target; nil without one.
  func measuredErrors(_ report: ReportOptions) throws -> MeasuredErrors? {
    guard case .size = try requestedConversion().request.type else { return nil }
    return MeasuredErrors(try planned(report).sizeTarget?.json)
  }
}

/// A command whose measurement can be cut into parts.
protocol MeasuringCommand: ParsableCommand {
  associatedtype Measurement: SharedMeasurement
  /// Opens what is measured.
  ///
  /// - Parameter writes: whether this run writes the output, or plans to, so that it must be possible.
  func open(writes: Bool) throws -> Measurement
  /// Does with the results of all parts what a run with `arguments` does with its own.
  func finish(
    _ measurement: Measurement, _ results: [[UInt8]], arguments: [String], _ report: ReportOptions) throws
}

extension ParsableCommand {
  /// The word that selects it. Every command states its own: to make one of a type's name takes a tenth of the start.
  static var name: String { configuration.commandName ?? "" }
}

extension IngotCommand {
  /// Parses `arguments`, which may come from an untrusted file; nil if they are of a command that converts nothing.
  static func replayableConversion(_ arguments: [String]) -> ReplayableConversion? {
    // Requests for help come as errors, too.
    guard let command = try? parseAsRoot(arguments) as? any ConversionCommand else { return nil }
    return ReplayableConversion(inputFiles: command.namedFiles) { try command.requestedConversion() }
  }

  /// Parses the arguments of a saved plan, which may be untrusted; nil if they are of a command that has no parts.
  static func partedCommand(_ arguments: [String]) -> (any PartedCommand)? {
    try? parseAsRoot(arguments) as? any PartedCommand
  }

  /// The same for a command that measures.
  static func measuringCommand(_ arguments: [String]) -> (any MeasuringCommand)? {
    try? parseAsRoot(arguments) as? any MeasuringCommand
  }

  /// Parses `arguments`, runs the command and prints errors; returns the exit status.
  static func execute(_ arguments: [String]) -> ExitStatus {
    do {
      for argument in arguments { try requireText(argument) }
      if let verb = arguments.first { try requireKnown(verb) }
      if arguments.first == "help", let page = try HelpTopic.page(for: arguments.dropFirst(), verbs: verbs) {
        var output = StandardOutput()
        output.write(page)
        try output.flush()
        return .done
      }
      var command = try parsed(arguments)
      try command.run()
      return .done
    } catch {
      return ExitStatus(error, parser: Self.self, listsAll: arguments.contains("--verbose"))
    }
  }

  /// Parses the arguments of one command by themselves: from the root, options are made several times, which takes longer than
  /// most commands do. What fails is parsed from the root, for its errors and its help.
  private static func parsed(_ arguments: [String]) throws -> any ParsableCommand {
    if let (command, rest) = leaf(of: arguments[...]), let parsed = try? command.parseAsRoot(Array(rest)),
      type(of: parsed) == command
    {
      return parsed
    }
    return try parseAsRoot(arguments)
  }

  /// The command that the first words of `arguments` name, and the rest of them; nil if they name none.
  ///
  /// Commands with subcommands have no options, which a test makes sure of.
  static func leaf(
    of arguments: ArraySlice<String>
  ) -> (command: any ParsableCommand.Type, rest: ArraySlice<String>)? {
    var command: any ParsableCommand.Type = self, rest = arguments
    while case let subcommands = command.configuration.subcommands, !subcommands.isEmpty {
      if let named = subcommands.first(where: { $0.name == rest.first }) {
        (command, rest) = (named, rest.dropFirst())
      } else if let usual = command.configuration.defaultSubcommand {
        command = usual
      } else {
        return nil
      }
    }
    return (command, rest)
  }

  private static var verbs: [String] { configuration.subcommands.map { $0.name } }

  /// Refuses a first word that does not name a command, with the nearest that does.
  private static func requireKnown(_ verb: String) throws {
    let verbs = verbs + ["help"]
    guard !verb.hasPrefix("-"), !verbs.contains(verb) else { return }
    throw UnknownVerb(verb: verb, verbs: verbs)
  }

  /// Refuses an argument that is not UTF-8: its replacement here would be the name of another file.
  private static func requireText(_ argument: String) throws {
    guard !argument.unicodeScalars.contains("\u{FFFD}") else { throw UnreadableArgument(argument: argument) }
  }
}

/// A first argument that is not the name of a command.
struct UnknownVerb: IngotError {
  let verb: String
  let verbs: [String]
  var category: ErrorCategory { .usage }
  var description: String {
    "\(verb.quoted) is not a command (\(verb.nearest(among: verbs).map { "did you mean \($0.quoted)?" } ?? "ingot --help lists them"))"
  }
}

/// An argument in which bytes that are not UTF-8 were replaced.
struct UnreadableArgument: IngotError {
  let argument: String
  var category: ErrorCategory { .usage }
  var description: String { "argument \(argument.quoted): is not UTF-8 (rename the file or reach it through a link)" }
}
