/// A point where a vocabulary departs from the reference converter's, whose file would give other ids or would not load.
public enum VocabularyDeparture: String, Sendable, Hashable, CaseIterable {
  /// SentencePiece pieces of `tokenizer.json` have scores in the order of their merges, instead of -1000 for all.
  case mergeScores
  /// The added tokens of `tokenizer.json` are special or user-defined as it says, instead of ordinary or unused.
  case addedTokenTypes
  /// There are unused tokens up to the rows of the embedding.
  case paddedRows
  /// Whether a space, BOS and EOS are added to a text is stated as `tokenizer.json` has it.
  case statedFrame
  /// Runs of spaces count as one, as `tokenizer.json` has it.
  case collapsedSpaces
  /// The chat template is the folder's, beside `tekken.json`.
  case ownChatTemplate
}
