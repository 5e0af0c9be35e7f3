import Tokenization

extension Departure {
  /// The departure that a vocabulary makes.
  init(_ departure: VocabularyDeparture) {
    self =
      switch departure {
      case .mergeScores: .mergeScores
      case .addedTokenTypes: .addedTokenTypes
      case .paddedRows: .paddedVocabulary
      case .statedFrame: .statedFrame
      case .collapsedSpaces: .collapsedSpaces
      case .ownChatTemplate: .ownChatTemplate
      }
  }
}

extension VocabularyDeparture {
  /// What the departure changes, in one line.
  var message: String {
    switch self {
    case .mergeScores:
      "the scores of SentencePiece pieces follow the merges of tokenizer.json: llama.cpp joins pieces by score"
    case .addedTokenTypes:
      "added tokens are control or user-defined as tokenizer.json has them: llama.cpp splits ordinary pieces"
    case .paddedRows:
      "unused tokens fill the vocabulary up to the rows of the embedding: llama.cpp does not load fewer"
    case .statedFrame:
      "whether a space, BOS and EOS are added is stated as tokenizer.json has it: llama.cpp assumes a space and BOS"
    case .collapsedSpaces:
      "runs of spaces count as one, as tokenizer.json has it, although clean_up_tokenization_spaces is not true"
    case .ownChatTemplate:
      "the chat template is the folder's: llama.cpp's converter takes its own for the version of tekken.json"
    }
  }
}
