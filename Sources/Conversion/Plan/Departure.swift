import Bytes

/// A point in which a GGUF differs from that of llama.cpp's converter on purpose, because llama.cpp does not load the
/// converter's file, or does not compute with it what the model does.
///
/// `docs/departures.md` has the table; `ConversionRequest.departures` turns them off.
public enum Departure: String, Sendable, CaseIterable {
  /// The output matrix of a tied model, where llama.cpp demands one.
  case copiedHead = "copied_head"
  /// An output matrix that equals the embedding, where llama.cpp takes the embedding and accepts no other.
  case droppedEqualHead = "dropped_equal_head"
  /// The scores of SentencePiece pieces that come from `tokenizer.json`.
  case mergeScores = "merge_scores"
  /// The types of tokens that `tokenizer.json` adds to SentencePiece pieces.
  case addedTokenTypes = "added_token_types"
  /// Unused tokens for the rows of the embedding that no token has.
  case paddedVocabulary = "padded_vocabulary"
  /// What is added to a text.
  case statedFrame = "stated_frame"
  /// That runs of spaces count as one.
  case collapsedSpaces = "collapsed_spaces"
  /// The chat template of a folder with `tekken.json`.
  case ownChatTemplate = "own_chat_template"
  /// The matrix before a classifier that BERT applies to the first position.
  case keptPooler = "kept_pooler"
  /// The labels of a classifier that have no names of their own.
  case statedLabels = "stated_labels"

  /// What the converter writes.
  public var reference: String {
    switch self {
    case .copiedHead: "no `output.weight` for a model whose head is tied to the embedding"
    case .droppedEqualHead: "`output.weight`, because the folder has the tensor"
    case .mergeScores: "the score -1000 for every SentencePiece piece of `tokenizer.json`"
    case .addedTokenTypes: "added tokens of `tokenizer.json` as ordinary pieces, or not at all"
    case .paddedVocabulary: "fewer tokens than the embedding has rows, for SentencePiece pieces of `tokenizer.json`"
    case .statedFrame: "whether a space, BOS and EOS are added, only if `tokenizer_config.json` has it"
    case .collapsedSpaces:
      "`remove_extra_whitespaces` as `clean_up_tokenization_spaces` is, for a unigram model of `tokenizer.json`"
    case .ownChatTemplate: "its own chat template for the version of `tekken.json`, though the folder has one"
    case .keptPooler: "no pooler of a `BertForSequenceClassification`, whose classifier is applied to its output"
    case .statedLabels: "no labels for a classifier of two labels without names, and its matrix as `cls.weight`"
    }
  }

  /// What llama.cpp makes of the converter's file.
  public var effect: String {
    switch self {
    case .copiedHead: "the file does not load: the architecture demands `output.weight`"
    case .droppedEqualHead: "the file does not load: the architecture has no `output.weight`"
    case .mergeScores: "text gets other tokens: pieces are joined by score"
    case .addedTokenTypes: "the marks of a chat template are split into pieces"
    case .paddedVocabulary: "the file does not load: the embedding has another shape"
    case .statedFrame: "text gets other tokens: a space or BOS is added or missing"
    case .collapsedSpaces: "text gets other tokens: each of several spaces is one"
    case .ownChatTemplate: "chats have another form than the model's files state"
    case .keptPooler: "the scores are wrong"
    case .statedLabels: "the file does not load: a classifier has one row for each label"
    }
  }

  /// The effect in a message, without markup.
  var plainEffect: String { effect.filter { $0 != "`" } }

  /// What is written instead.
  public var remedy: String {
    switch self {
    case .copiedHead: "`output.weight`, a copy of the embedding"
    case .droppedEqualHead: "no `output.weight` if it equals the embedding; another head is refused"
    case .mergeScores: "scores in the order of the merges"
    case .addedTokenTypes: "control or user-defined tokens, as `tokenizer.json` has them"
    case .paddedVocabulary: "unused tokens `[PADn]` for the other rows"
    case .statedFrame: "`add_space_prefix`, `add_bos_token` and `add_eos_token` as `tokenizer.json` has it"
    case .collapsedSpaces: "`remove_extra_whitespaces` if `tokenizer.json` splits text at white space"
    case .ownChatTemplate: "the folder's chat template"
    case .keptPooler: "the pooler as `cls.weight` and `cls.bias`, the classifier as `cls.output.weight`"
    case .statedLabels: "`classifier.output_labels` with `LABEL_0` and `LABEL_1`"
    }
  }

  /// The titles of `table`.
  public static let titles = ["departure", "the converter writes", "with it, in llama.cpp", "ingot writes"]

  /// All departures, a row each, as the documentation shows them.
  public static var table: [[String]] {
    allCases.map { ["`\($0.rawValue)`", $0.reference, $0.effect, $0.remedy] }
  }
}

/// A departure that a conversion makes.
public struct PlannedDeparture: Sendable, Hashable {
  /// Which one.
  public let departure: Departure
  /// What it changes in this output, in one line.
  public let message: String
}

extension [PlannedDeparture] {
  /// The list as documented in `docs/json.md`.
  var json: JSON {
    .array(map { .members(["departure": .string($0.departure.rawValue), "message": .string($0.message)]) })
  }
}
