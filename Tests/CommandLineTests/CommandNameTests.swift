import ArgumentParser
import Testing

@testable import CommandLineTool

@Suite("A command")
struct CommandNameTests {
  /// All commands, the root first.
  private static let all: [any ParsableCommand.Type] = {
    var commands: [any ParsableCommand.Type] = [IngotCommand.self]
    var index = 0
    while index < commands.count {
      commands += commands[index].configuration.subcommands
      index += 1
    }
    return commands
  }()

  @Test("states its name, since one that is made of its type's name slows every start")
  func name() {
    for command in Self.all { #expect(command.configuration.commandName != nil, "\(command)") }
    #expect(Self.all.count > 30)
  }

  @Test("has no options beside subcommands, since those are parsed without it")
  func groups() {
    let groups = Self.all.filter { !$0.configuration.subcommands.isEmpty }
    #expect(groups.count >= 5)
    for group in groups { #expect(Mirror(reflecting: group.init()).children.isEmpty, "\(group)") }
  }

  @Test(
    "is found by its words",
    arguments: [
      ("inspect model", "inspect", ["model"]), ("meta get model key", "get", ["model", "key"]),
      ("imatrix model --file text", "measure", ["model", "--file", "text"]),
      ("inspect inspect", "inspect", ["inspect"]),
    ])
  func leaf(line: String, name: String, rest: [String]) throws {
    let arguments = line.split(separator: " ").map(String.init)
    let found = try #require(IngotCommand.leaf(of: arguments[...]))
    #expect(found.command.configuration.commandName == name)
    #expect(Array(found.rest) == rest)
  }

  @Test("is none of these", arguments: ["", "help inspect", "--version", "-- inspect", "meta", "meta other"])
  func none(line: String) {
    #expect(IngotCommand.leaf(of: line.split(separator: " ").map(String.init)[...]) == nil)
  }
}
