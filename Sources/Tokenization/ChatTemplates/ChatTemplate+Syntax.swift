extension ChatTemplate {
  /// The first fault of the template's blocks and brackets; nil if Jinja can parse them. Nothing is rendered.
  public var syntaxError: ChatTemplateError? {
    var blocks = OpenBlocks()
    do throws(ChatTemplateError) {
      var scanner = ChatTemplateScanner(text)
      while let tag = try scanner.next() { try blocks.read(tag) }
      try blocks.finish()
      return nil
    } catch {
      return error
    }
  }
}

/// The blocks of a template that are open at one of its tags.
private struct OpenBlocks {
  /// Blocks of Jinja, of its extensions, and `generation` of transformers.
  private static let blockTags: Set<String> = [
    "for", "if", "macro", "call", "filter", "set", "with", "block", "autoescape", "trans", "generation",
  ]
  private static let otherTags: Set<String> = [
    "include", "import", "from", "extends", "do", "break", "continue", "debug", "pluralize",
  ]

  private var open: [(tag: String, line: Int, hasElse: Bool)] = []

  mutating func read(_ tag: ChatTemplateScanner.Tag) throws(ChatTemplateError) {
    guard let name = tag.name else { return }
    func failure(_ reason: ChatTemplateError.Reason) -> ChatTemplateError {
      ChatTemplateError(reason: reason, line: tag.line)
    }
    let isComplete = name == "for" ? tag.hasIn : tag.partCount > 0
    if ["for", "if", "elif", "set", "macro", "call", "filter"].contains(name), !isComplete {
      throw failure(.incomplete(tag: name))
    }
    if name == "set", tag.assigns { return }
    if name == "break" || name == "continue", !open.contains(where: { $0.tag == "for" }) {
      throw failure(.unexpected(tag: name, open: nil))
    }
    if Self.blockTags.contains(name) {
      open.append((name, tag.line, false))
    } else if name == "else" || name == "elif" {
      let last = open.last
      guard let last, !last.hasElse, last.tag == "if" || last.tag == "for" && name == "else" else {
        throw failure(.unexpected(tag: name, open: last?.tag))
      }
      if name == "else" { open[open.count - 1].hasElse = true }
    } else if name.hasPrefix("end"), Self.blockTags.contains(String(name.dropFirst(3))) {
      guard let last = open.last, "end" + last.tag == name else {
        throw failure(.unexpected(tag: name, open: open.last?.tag))
      }
      open.removeLast()
    } else if !Self.otherTags.contains(name) {
      throw failure(.unknownTag(name))
    }
  }

  func finish() throws(ChatTemplateError) {
    guard let last = open.last else { return }
    throw ChatTemplateError(reason: .unclosed(tag: last.tag), line: last.line)
  }
}
