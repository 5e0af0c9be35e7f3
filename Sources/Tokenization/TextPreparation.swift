/// The changes of text before it is encoded, by effect: an answer that no file states is the reader's default.
public struct TextPreparation: Sendable, Hashable {
  /// Whether a space is added before the text.
  public let addsSpacePrefix: Bool
  /// Whether runs of spaces are collapsed.
  public let collapsesSpaces: Bool
  /// Whether text is lowercased.
  public let lowercases: Bool
  /// Whether accents are stripped.
  public let stripsAccents: Bool
  /// Whether there is a table of text replacements.
  public let hasReplacements: Bool

  /// The answers in words, for those that differ: what is done to a text.
  public func differences(from other: TextPreparation) -> [(words: String, isDone: Bool)] {
    let answers = [
      ("a space is added before a text", addsSpacePrefix, other.addsSpacePrefix),
      ("runs of spaces are collapsed", collapsesSpaces, other.collapsesSpaces),
      ("text is lowercased", lowercases, other.lowercases),
      ("accents are stripped", stripsAccents, other.stripsAccents),
      ("text is replaced by a table", hasReplacements, other.hasReplacements),
    ]
    return answers.filter { $0.1 != $0.2 }.map { ($0.0, $0.1) }
  }
}

extension Vocabulary {
  /// What the reader of the container does to text before it is encoded.
  public var textPreparation: TextPreparation {
    let isLlamaCpp = reader == .llamaCpp
    let isWordPiece = kind == .wordPiece
    return TextPreparation(
      addsSpacePrefix: isLlamaCpp && kind.hasScores && kind != .mergedPieces
        ? addsSpacePrefix ?? (kind == .sentencePiece) : spacePrefix != .never,
      collapsesSpaces: kind == .unigram && (isLlamaCpp ? removesExtraSpaces ?? false : cutsAtSpaces),
      lowercases: isWordPiece && (isLlamaCpp ? lowercases ?? true : wordRules.lowercases),
      stripsAccents: isWordPiece && (isLlamaCpp ? stripsAccents ?? lowercases ?? true : wordRules.stripsAccents),
      hasReplacements: kind == .unigram && !normalizationTable.isEmpty)
  }
}
