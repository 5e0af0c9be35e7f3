import Ingot

/// A page of `ingot help` about a subject that several commands share.
struct HelpTopic {
  let name: String
  /// What the page is about, a line of the list.
  let summary: String
  /// The page below its heading, made when it is printed; lines of at most 80 columns.
  let text: () -> String

  init(_ name: String, _ summary: String, _ text: @autoclosure @escaping () -> String) {
    self.name = name
    self.summary = summary
    self.text = text
  }

  /// The word that lists the topics.
  static let listName = "topics"

  /// Returns the page or list that `ingot help NAME` prints; nil if the words ask for a command.
  ///
  /// - Throws: `UnknownTopic` if the word names neither.
  static func page(for words: ArraySlice<String>, verbs: [String]) throws -> String? {
    guard let name = words.first, words.count == 1, !name.hasPrefix("-"), !verbs.contains(name) else { return nil }
    if name == listName { return list }
    guard let topic = all.first(where: { $0.name == name }) else {
      throw UnknownTopic(name: name, known: verbs + all.map(\.name) + [listName])
    }
    return topic.name.emphasized + ": \(topic.summary)\n\n" + topic.text() + "\n"
  }

  private static var list: String {
    "Pages on subjects that several commands share:\n\n" + definitionList(all.map { ("  " + $0.name, $0.summary) })
      + "\ningot help TOPIC prints one of them, ingot help COMMAND the options of a command.\n"
  }
}

/// A word after `help` that names neither a command nor a topic.
struct UnknownTopic: IngotError {
  let name: String
  let known: [String]
  var category: ErrorCategory { .usage }
  var description: String {
    let advice =
      name.nearest(among: known).map { "did you mean \($0.quoted)?" }
      ?? "ingot help \(HelpTopic.listName) lists topics, ingot --help commands"
    return "\(name.quoted) is neither a command nor a topic (\(advice))"
  }
}
