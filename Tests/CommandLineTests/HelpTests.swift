import Foundation
import TestSupport
import Testing

@testable import CommandLineTool

@Suite("Help")
struct HelpTests {
  /// The words of every command below the root, those of groups too.
  static let commands: [[String]] = {
    struct Description: Decodable {
      let commandName: String
      let subcommands: [Description]?
      var paths: [[String]] {
        (subcommands ?? []).flatMap { child in ([[]] + child.paths).map { [child.commandName] + $0 } }
      }
    }
    struct Root: Decodable { let command: Description }
    let json = (try? Program.run(["--experimental-dump-help"]).output) ?? ""
    let paths = (try? JSONDecoder().decode(Root.self, from: Data(json.utf8)))?.command.paths ?? []
    return paths.filter { $0 != ["help"] }
  }()

  @Test("is there for commands and those of groups")
  func all() {
    for command in [["convert"], ["meta", "rm"], ["certify", "check"]] { #expect(Self.commands.contains(command)) }
  }

  /// The lines of examples in a help page.
  private static func examples(_ command: [String]) throws -> (comments: [String], lines: [String]) {
    let help = try Program.run(command + ["--help"]).output
    let block = help.components(separatedBy: "EXAMPLES:\n").dropFirst().first?.components(separatedBy: "\n\n")[0] ?? ""
    let lines = block.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    return (lines.filter { $0.hasPrefix("# ") }, lines.filter { $0.hasPrefix("ingot ") })
  }

  @Test("of every command has two examples or more, each with a comment", arguments: commands)
  func examples(command: [String]) throws {
    let examples = try Self.examples(command)
    #expect(examples.lines.count >= 2)
    #expect(examples.comments.count == examples.lines.count)
  }

  @Test("shows examples that the parser accepts", arguments: commands)
  func parsing(command: [String]) throws {
    for line in try Self.examples(command).lines {
      let words = Self.words(of: line)
      #expect(throws: Never.self, "\(line)") { try IngotCommand.parseAsRoot(Array(words.dropFirst())) }
    }
  }

  /// The words of a line up to a redirection, as the shell splits them.
  private static func words(of line: String) -> [String] {
    var words: [String] = [], word = "", quote: Character?, isWord = false
    for character in line {
      if character == quote {
        quote = nil
      } else if quote != nil {
        word.append(character)
      } else if character == "'" || character == "\"" {
        (quote, isWord) = (character, true)
      } else if character == " " {
        if isWord { words.append(word) }
        (word, isWord) = ("", false)
      } else if character == ">" || character == "|" {
        return words
      } else {
        word.append(character)
        isWord = true
      }
    }
    return isWord ? words + [word] : words
  }

  @Test("has a page for each listed topic, of at most 80 columns")
  func topics() throws {
    let list = try Program.run(["help", "topics"])
    #expect(list.status == 0)
    for topic in HelpTopic.all {
      #expect(list.output.contains("  \(topic.name) "))
      let page = try Program.run(["help", topic.name])
      #expect(page.status == 0 && page.error.isEmpty)
      #expect(page.output.hasPrefix("\(topic.name): \(topic.summary)\n\n"))
      for line in page.output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    }
  }

  @Test("names what the program has now")
  func facts() throws {
    #expect(try Program.run(["help", "types"]).output.contains("IQ4_XS"))
    #expect(try Program.run(["help", "naming"]).output.contains("meta"))
    #expect(try Program.run(["help", "sources"]).output.contains("GPTQ"))
    #expect(try Program.run(["help", "exit-status"]).output.contains(" 64  wrong usage"))
    #expect(try Program.run(["help", "environment"]).output.contains("INGOT_BUILD"))
  }

  @Test(
    "on an unknown word gives the nearest topic or command",
    arguments: [
      ("importence", #""importence" is neither a command nor a topic (did you mean "importance"?)"#),
      ("convrt", #""convrt" is neither a command nor a topic (did you mean "convert"?)"#),
      (
        "frobnicate",
        #""frobnicate" is neither a command nor a topic (ingot help topics lists topics, ingot --help commands)"#
      ),
    ])
  func unknown(word: String, message: String) throws {
    let run = try Program.run(["help", word])
    #expect(run.status == 64)
    #expect(run.error == "ingot: error: \(message)\n")
  }

  @Test("of a command is the same by either spelling")
  func commandHelp() throws {
    #expect(try Program.run(["help", "convert"]).output == Program.run(["convert", "--help"]).output)
  }
}
