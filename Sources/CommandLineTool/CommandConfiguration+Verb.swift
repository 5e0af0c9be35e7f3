import ArgumentParser

extension CommandConfiguration {
  /// The configuration of a command below the root.
  ///
  /// It names the command above. Of a command without one, the parser first parses the arguments twice as requests for
  /// completion scripts, which takes a tenth of a short run; such requests are of the root.
  static func verb(
    commandName: String? = nil, abstract: String = "", usage: String? = nil, discussion: String = "",
    subcommands: [any ParsableCommand.Type] = [], defaultSubcommand: (any ParsableCommand.Type)? = nil
  ) -> CommandConfiguration {
    CommandConfiguration(
      commandName: commandName, _superCommandName: "ingot", abstract: abstract, usage: usage, discussion: discussion,
      subcommands: subcommands, defaultSubcommand: defaultSubcommand)
  }
}
