import ArgumentParser
import Ingot

/// The root of the verbs.
struct IngotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: Product.name,
    abstract: "Converts, inspects, quantizes and verifies language-model checkpoints.",
    discussion: """
      Exit status: 0 done; 1 a comparison, check or budget failed; 2 input unreadable, invalid or unsupported; \
      3 output could not be written; 64 wrong usage.
      """,
    version: "\(Product.name) \(Product.version)",
    subcommands: [
      Inspect.self, Convert.self, Diff.self, Verify.self, Run.self, Check.self, Hash.self, FormatsCommand.self,
      ArchitecturesCommand.self,
    ])
}

extension IngotCommand {
  /// Parses `arguments`, runs the verb and words what went wrong; the result is how the process ends.
  static func execute(_ arguments: [String]) -> Exit {
    do {
      var command = try parseAsRoot(arguments)
      try command.run()
      return .done
    } catch {
      return Exit(error, parser: Self.self)
    }
  }
}
