import Architectures
import Bytes
import Formats
import Tensors
import Tokenization

/// The contents of a checkpoint's files apart from the tensors.
///
/// There is one type for each kind of checkpoint. Each difference between the kinds is a member here; nothing outside
/// `Formats` asks which container it is.
public protocol ModelFacts: Sendable {
  /// The folder with the side files; nil if it could not be listed.
  var folder: ModelFolder? { get }
  /// The config.json; nil for kinds that are described otherwise.
  var configuration: Configuration? { get }
  /// What a file beside config.json says of quantized tensors; nil if there is none.
  var quantization: JSON? { get }
  /// The key-value pairs that a GGUF made of this checkpoint takes over; nil if they are made from other files.
  var ggufMetadata: Metadata? { get }
  /// The `tokenizer.*` pairs of a GGUF, if the file of the tensors has them; nil if the tokenizer is in other files.
  var tokenizerMetadata: Metadata? { get }
  /// Whether a GGUF made of it keeps the storage format of each tensor, unless another one is asked for.
  var keepsBlockFormats: Bool { get }
  /// Whether a file states the hyperparameters; otherwise they are inferred from tensor shapes, without head counts.
  var hasExplicitHyperparameters: Bool { get }
  /// Whether the tensors have llama.cpp's names and layouts, to which importance matrices refer.
  var usesGGUFNames: Bool { get }
  /// Whether hyperparameters for which the definition has no key are lost in this kind of checkpoint.
  var losesUndefinedHyperparameters: Bool { get }
  /// Whether tensors of RoPE factors take the place of hyperparameters of a RoPE scaling.
  var hasRopeFactorTensors: Bool { get }
  /// Whether a dimension of 1 may be missing in front of a tensor's shape.
  var mayOmitLeadingOnes: Bool { get }

  /// Whether the checkpoint is meant to contain its tokenizer, if the model has one.
  var includesTokenizer: Bool { get }

  /// Returns the definitions that the files name, the best match first; all of them if none is named.
  func candidates(in library: ArchitectureLibrary) throws -> [ArchitectureDefinition]

  /// Returns the hyperparameters under `definition`, completed by what the tensors show.
  func hyperparameters(
    of definition: ArchitectureDefinition, observed: ArchitectureDefinition.ObservedTensors
  ) throws(HyperparameterError) -> HyperparameterSet

  /// Returns the key that states the hyperparameter of `rule`; nil if none does.
  func origin(of rule: HyperparameterRule, in definition: ArchitectureDefinition) -> HyperparameterOrigin?

  /// Returns what the files leave open, contradict each other about, or state without effect.
  func remarks(on definition: ArchitectureDefinition, _ hyperparameters: HyperparameterSet) -> ConfigurationRemarks

  /// Reads the vocabulary and what its files disagree about; nil if there is none.
  ///
  /// - Parameters:
  ///   - rules: how the architecture's vocabulary is read, where the files leave that open.
  ///   - size: the rows of the embedding, if the number is known.
  func vocabulary(
    rules: @autoclosure () throws -> VocabularyRules, size: Int?
  ) throws -> (vocabulary: Vocabulary, conflicts: [VocabularyConflict])?
}

extension ModelFacts {
  public var configuration: Configuration? { nil }
  public var quantization: JSON? { nil }
  public var ggufMetadata: Metadata? { nil }
  public var tokenizerMetadata: Metadata? { ggufMetadata.flatMap { $0["tokenizer.ggml.tokens"] == nil ? nil : $0 } }
  public var keepsBlockFormats: Bool { false }
  public var usesGGUFNames: Bool { false }
  public var losesUndefinedHyperparameters: Bool { false }
  public var hasRopeFactorTensors: Bool { false }
  public var mayOmitLeadingOnes: Bool { false }
  public var includesTokenizer: Bool { false }

  public func remarks(
    on definition: ArchitectureDefinition, _ hyperparameters: HyperparameterSet
  ) -> ConfigurationRemarks {
    ConfigurationRemarks()
  }

  /// Reads the tokenizer files of the folder.
  public func vocabulary(
    rules: @autoclosure () throws -> VocabularyRules, size: Int?
  ) throws -> (vocabulary: Vocabulary, conflicts: [VocabularyConflict])? {
    guard let folder else { return nil }
    let files = try folder.tokenizerFiles()
    guard files.hasVocabulary else { return nil }
    let read = try Vocabulary.read(files, rules: rules(), vocabularySize: size)
    return (read.vocabulary, read.conflicts)
  }
}
