import Tensors

// What llama.cpp's converter states for a `tekken.json` without `tokenizer.json`, by the rules of mistral_common
// (`_set_vocab_mistral`): BOS is added, EOS is not, roles have the tokens of Tekken's own names;
// `tokenizer_config.json` and `config.json` are not read.

extension HuggingFaceVocabularyReader {
  /// Gives the vocabulary its roles, additions and chat template.
  mutating func frameAsTekken() {
    vocabulary.keyOrder = .mistral
    vocabulary.specialTokens = [(SpecialToken.bos, "<s>"), (.eos, "</s>"), (.unk, "<unk>"), (.pad, "<pad>")]
      .compactMap { role, text in files.idOfAddedToken(text).map { SpecialTokenID(role, $0) } }
    vocabulary.additions = [SpecialTokenAddition(.bos, true), SpecialTokenAddition(.eos, false)]
    vocabulary.chatTemplates = tekkenTemplates()
  }

  /// The chat template of the folder, or else the name that llama.cpp has for Tekken's version.
  ///
  /// For a folder with `config.json` the converter takes its own for the version, whether or not the folder has one.
  private mutating func tekkenTemplates() -> [ChatTemplate] {
    let own = chatTemplates().filter { $0.name == "default" }
    let version = files.tekkenVersion ?? "none"
    let name = Self.communityTemplates[version]
    if own.isEmpty || (files.model != nil && !departsFromReference) {
      if name == nil { conflicts.append(.noChatTemplate(version: version)) }
      return name.map { [ChatTemplate(text: $0)] } ?? []
    }
    if files.model != nil { departures.append(.ownChatTemplate) }
    return own
  }

  /// The chat templates that llama.cpp knows by name, for the versions of Tekken that its converter names so.
  private static let communityTemplates = [
    "v1": "mistral-v1", "v3": "mistral-v3-tekken", "v7": "mistral-v7-tekken",
  ]
}
