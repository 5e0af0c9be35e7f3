import ArgumentParser
import Testing

@testable import CommandLineTool

@Suite("A command")
struct CommandNameTests {
  @Test("states its name, since one that is made of its type's name slows every start")
  func name() {
    var commands: [any ParsableCommand.Type] = [IngotCommand.self]
    var count = 0
    while let command = commands.popLast() {
      #expect(command.configuration.commandName != nil, "\(command)")
      commands += command.configuration.subcommands
      count += 1
    }
    #expect(count > 30)
  }
}
