import Architectures
import Bytes
import Quantization
import Tensors
import Tokenization

extension Metadata {
  /// The meaning of a number that is an index or a code: `Q4_K_M` of a file type, `"</s>"` of the id of a token; nil
  /// for values that mean themselves.
  public func words(_ key: String) -> String? {
    guard let number = self[key]?.integer else { return nil }
    if key == "general.file_type" { return Recipe.words(ofFileType: number) }
    if Vocabulary.role(ofIDKey: key) != nil {
      let tokens = self["tokenizer.ggml.tokens"]?.strings ?? []
      return tokens.indices.contains(number) ? tokens.text(number).quoted : "beyond the vocabulary"
    }
    switch key.split(separator: ".").last {
    case "pooling_type": return Hyperparameters.Pooling(rawValue: number).map { "\($0)" }
    case "expert_gating_func": return Hyperparameters.RouterFunction(rawValue: number)?.words
    default: return nil
    }
  }
}

extension Hyperparameters.RouterFunction {
  fileprivate var words: String {
    switch self {
    case .softmax: "softmax"
    case .sigmoid: "sigmoid"
    case .softmaxOfChosen: "softmax of the chosen"
    case .sqrtSoftplus: "root of softplus"
    }
  }
}
