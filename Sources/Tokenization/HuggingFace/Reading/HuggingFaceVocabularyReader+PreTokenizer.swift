import Bytes

// Names of equal steps are one to llama.cpp, but its converter has a name for each vocabulary that it knows, by the ids of
// its check text. That name is preferred where a name is written; the steps themselves come from tokenizer.json.

extension HuggingFaceVocabularyReader {
  /// The name of the steps of `tokenizer`; of unknown steps a name of no meaning, which `namePreTokenizer` replaces.
  mutating func structuralName(of tokenizer: JSON) throws(VocabularyError) -> String {
    do {
      return try PreTokenizer.name(of: tokenizer, preferred: rules.preTokenizers)
    } catch {
      guard case .unknownPreTokenizer(let structure) = error else { throw error }
      unknownSteps = structure
      return PreTokenizer.known[0].name
    }
  }

  /// The error for steps that neither their structure nor ids tell.
  private func unknown(_ steps: String) -> VocabularyError {
    if vocabulary.kind == .wordPiece {
      return .otherForm(
        file: "tokenizer.json", found: "has \(steps)", expected: "BertNormalizer and BertPreTokenizer")
    }
    guard files.tokenizerFile != "tokenizer.json" else { return .unknownPreTokenizer(structure: steps) }
    let pattern = files.tokenizer?["pre_tokenizer"]?["pretokenizers"]?.array?.first?["pattern"]?["Regex"]?.string ?? ""
    return .unsupported(
      file: files.tokenizerFile,
      reason: "splits text by an unknown expression, \(pattern.quoted)"
        + " (name the nearest steps with --pre-tokenizer NAME)")
  }

  /// Gives the pre-tokenizer the converter's name, if the converter knows the ids of the check text.
  ///
  /// Steps that no file states are those of the name whose ids the check text has, or assumed.
  ///
  /// - Returns: whether the check text decided.
  /// - Throws: `.unknownPreTokenizer` for unknown steps, unless the check text has the ids of a known name by its steps.
  mutating func namePreTokenizer(_ naming: PreTokenizerNaming) throws(VocabularyError) -> Bool {
    guard vocabulary.kind == .byteLevel || vocabulary.kind == .wordPiece, preTokenizer == nil else { return false }
    if let unknownSteps {
      guard let name = try nameFoundByIDs() else { throw unknown(unknownSteps) }
      vocabulary.preTokenizer = name
      conflicts.append(.recognizedPreTokenizer(name: name, structure: unknownSteps))
      return true
    }
    if isPreTokenizerAssumed {
      guard let name = try nameFoundByIDs() else {
        conflicts.append(.assumedPreTokenizer(name: vocabulary.preTokenizer, reader: .transformers))
        return false
      }
      vocabulary.preTokenizer = name
      return true
    }
    guard naming == .byCheckText, let name = CheckText.name(of: try Tokenizer(vocabulary)),
      hasSteps(of: name, vocabulary.preTokenizer)
    else { return false }
    vocabulary.preTokenizer = name
    return true
  }

  /// Whether two names mean the same steps.
  private func hasSteps(of name: String, _ other: String) -> Bool {
    if vocabulary.kind == .wordPiece { return PreTokenizer.wordPieceNames.contains(name) }
    guard let one = PreTokenizer.named(name), let two = PreTokenizer.named(other) else { return false }
    return one.steps == two.steps
  }

  /// The name whose steps give the ids that the converter has for it.
  private func nameFoundByIDs() throws(VocabularyError) -> String? {
    if vocabulary.kind == .wordPiece {
      return CheckText.name(of: try Tokenizer(vocabulary)).flatMap {
        PreTokenizer.wordPieceNames.contains($0) ? $0 : nil
      }
    }
    var encoder = try TransformersEncoder(vocabulary)
    var tried: Set<[PreTokenizer.Step]> = []
    for rules in PreTokenizer.known where tried.insert(rules.steps).inserted {
      encoder.splitter = try CompiledPreTokenizer(rules.steps)
      let tokenizer = Tokenizer(vocabulary, encoder: encoder)
      if let name = CheckText.name(of: tokenizer), hasSteps(of: name, rules.name) { return name }
    }
    return nil
  }
}
