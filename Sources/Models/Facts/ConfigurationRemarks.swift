import Architectures
import Bytes
import Formats

/// What should be said of the files that state a model's hyperparameters.
public struct ConfigurationRemarks: Sendable {
  /// Contradictions, and members that may change the computation and are not read.
  public var warnings: [String] = []
  /// Defaults that were taken.
  public var notes: [String] = []

  /// Adds that no key states the context length, and the length that another file states.
  ///
  /// - Parameter file: the file that has the other hyperparameters.
  mutating func noteAssumedContext(
    _ hyperparameters: HyperparameterSet, file: String, folder: ModelFolder?, isDefaultOfTransformers: Bool
  ) {
    guard let length = hyperparameters.integer("context_length") else { return }
    let key = "model_max_length", other = "tokenizer_config.json"
    // Tokenizers without a limit state 1e30.
    let stated = (try? folder?.json(other))?.flatMap { $0[key]?.integer }.flatMap { $0 < 1 << 40 ? $0 : nil }
    var words = "\(file) states no context length: \(length.grouped) is assumed"
    if isDefaultOfTransformers { words += ", the default of transformers" }
    if let stated, stated != length {
      warnings.append("\(words), but \(other) states \(key.quoted) \(stated.grouped)")
    } else if isDefaultOfTransformers {
      notes.append(words)
    } else {
      warnings.append(words)
    }
  }
}
