import Architectures
import Bytes
import Formats
import Models
import Tensors
import Tokenization

extension ArchitecturePlanner {
  /// All metadata of the output, in the converter's order.
  mutating func ggufMetadata() throws -> Metadata {
    guard model.facts.ggufMetadata == nil else {
      return model.definition.restatingLayerCounts(try draft.sourceMetadata(), model.hyperparameters)
    }
    let definition = model.definition
    var metadata = Metadata()
    metadata["general.architecture"] = .string(ByteString(definition.ggufArchitecture ?? ""))
    var hyperparameters = model.hyperparameters
    if let labels = draft.statedLabels { hyperparameters.values["output_labels"] = .list(labels.map { .text($0) }) }
    let explicitRotary = model.configuration?.reading(rope: definition.ropeForm).rope.members ?? [:]
    for rule in definition.ggufMetadata {
      switch rule {
      case .general: for (key, value) in try generalMetadata() { metadata[key] = value }
      case .fileType:
        metadata["general.file_type"] = .uint32(GGUFFileType.number(of: draft.namedFormat))
      case .quantizationVersion: metadata["general.quantization_version"] = .uint32(2)
      case .vocabulary:
        for (key, value) in try vocabularyMetadata().pairs {
          // The count of Tekken's tokens comes where the vocabulary has it; Phi-2's add_bos_token where the definition has it.
          if !key.text.hasPrefix("tokenizer.") { metadata[key.text] = nil }
          metadata[key.text] = value
        }
      case .pair, .rotaryScaling, .longRoPEFactor:
        for (key, value) in definition.metadata(of: rule, hyperparameters, explicitRotary: explicitRotary) {
          metadata[key] = value
        }
      }
    }
    noteLostHyperparameters()
    return draft.assignedFileType.map { metadata.restating(fileType: $0) } ?? metadata
  }

  /// Warns of hyperparameters for which a GGUF of the architecture has no key.
  private mutating func noteLostHyperparameters() {
    for lost in model.definition.hyperparametersLostInGGUF(model.hyperparameters) {
      draft.messages.append(
        .warning("\(lost.name) \(lost.value) is lost: a GGUF of this architecture has no key for it"))
    }
    for lost in model.hyperparameters.rotaryScaling.lostInGGUF(of: model.definition) {
      draft.messages.append(.warning("\(lost) is lost: a GGUF of this architecture has no key for it"))
    }
  }

  private mutating func vocabularyMetadata() throws -> Metadata {
    if let metadata = model.facts.tokenizerMetadata {
      do throws(VocabularyError) {
        let read = try Vocabulary.read(metadata, preTokenizer: draft.request.preTokenizer)
        draft.messages += read.conflicts.map { .warning($0.description) }
        return read.vocabulary.metadata()
      } catch {
        throw LocatedError(path: model.checkpoint.path, reason: error)
      }
    }
    guard let folder = model.folder else { return noVocabulary() }
    let files = try folder.tokenizerFiles()
    guard files.hasVocabulary else { return noVocabulary() }
    do throws(VocabularyError) {
      let read = try vocabulary(files, departs: draft.request.departures == .apply)
      draft.messages += read.conflicts.map { .warning($0.description) }
      let departures =
        draft.request.departures == .apply
        ? read.departures : try vocabulary(files, departs: true, naming: .byFacts).departures
      for departure in departures { _ = draft.departs(Departure(departure), departure.message) }
      if read.isNamedByCheckText {
        draft.messages.append(
          .note(
            "the pre-tokenizer is named \(read.vocabulary.preTokenizer.quoted), as llama.cpp's converter does for the ids"
              + " of its check text"))
      }
      return metadata(of: read.vocabulary)
    } catch {
      throw LocatedError(path: folder.path, reason: error)
    }
  }

  /// The metadata of a vocabulary of files. With `params.json` the converter states Tekken's count of tokens among it.
  private func metadata(of vocabulary: Vocabulary) -> Metadata {
    let own = vocabulary.metadata()
    guard vocabulary.keyOrder == .mistral, model.configuration == nil,
      let architecture = model.definition.ggufArchitecture, let count = UInt32(exactly: vocabulary.count)
    else { return own }
    var metadata = Metadata()
    for (key, value) in own.pairs {
      metadata[key.text] = value
      if key.text == "tokenizer.ggml.token_type" { metadata["\(architecture).vocab_size"] = .uint32(count) }
    }
    return metadata
  }

  private func vocabulary(
    _ files: TokenizerFiles, departs: Bool, naming: PreTokenizerNaming = .byCheckText
  ) throws(VocabularyError) -> VocabularyImport {
    try Vocabulary.read(
      files, rules: model.definition.vocabulary, vocabularySize: model.hyperparameters.integer("vocabulary_size"),
      preTokenizer: draft.request.preTokenizer, naming: naming, departsFromReference: departs)
  }

  /// The metadata that the converter writes for a model without a tokenizer.
  private mutating func noVocabulary() -> Metadata {
    draft.messages.append(
      .warning("no tokenizer files were found: the GGUF has no vocabulary, so it takes token ids only"))
    var metadata = Metadata()
    metadata["tokenizer.ggml.model"] = .string("none")
    return metadata
  }

  func conventionalName(format: String) throws -> String {
    guard model.facts.ggufMetadata == nil else { return draft.conventionalNameOfSource(format: format) }
    return try general().fileName(format: format)
  }

  /// The `general.*` pairs: the model's name, authors and sources.
  private mutating func generalMetadata() throws -> [(key: String, value: MetadataValue)] {
    let general = try general()
    draft.messages += general.remarks.map(PlanMessage.note)
    return general.pairs
  }

  /// The facts about a model in a folder.
  private func general() throws -> GeneralMetadata {
    var sources = GeneralMetadata.Sources(
      folderName: folderName, parameterCount: draft.tensors.parameterCount,
      sizeLabel: draft.tensors.expertSizeLabel, modelName: draft.request.modelName)
    if let folder = model.folder {
      sources.config = model.configuration?.json
      // The reference takes a file that it cannot read for one that is not there.
      sources.generationConfig = try? folder.json("generation_config.json")
      if let card = try folder.bytes("README.md") { sources.card = ModelCard(readme: card) }
    }
    return GeneralMetadata(sources)
  }

  /// The name of the model's folder as the user gave it; for a file on its own, of the folder that it is in.
  private var folderName: String {
    ShellPaths.name(ofFolder: model.folder?.path ?? Path.folder(of: model.checkpoint.path))
  }
}

extension [DraftTensor] {
  var parameterCount: Int { reduce(0) { $0 + $1.shape.elementCount } }

  /// The label of a mixture of experts, whose stacked tensors the reference knows by their names; nil for another model.
  ///
  /// Experts count with the average of their tensors' parameters (llama.cpp 0c1e57098, `get_total_parameter_count`).
  var expertSizeLabel: String? {
    let stacks = filter { $0.name.text.contains("_exps.") && $0.shape.rank > 2 }
    guard let count = stacks.first?.shape.dimensions[0], count > 0 else { return nil }
    let stacked = stacks.parameterCount
    return SizeLabel.text(
      sharedParameterCount: parameterCount - stacked, expertParameterCount: stacked / count, expertCount: count)
  }
}
