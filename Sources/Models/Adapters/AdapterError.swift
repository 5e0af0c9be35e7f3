import Bytes
import Tensors

/// An error of adding an adapter to a model.
public enum AdapterError: IngotError {
  /// A member of adapter_config.json is missing, or not of the kind that is expected.
  case member(String, expected: String)
  /// A feature of the configuration that merged weights cannot have.
  case unsupported(String)
  /// Only one of the two factors is there.
  case halfPair(module: String, missing: String)
  /// The factors do not multiply to the shape of the weight.
  case wrongFactors(module: String, found: String, expected: String)
  /// The base has no weight that the adapter could change.
  case noWeight(String)
  /// The tensor has the weights of several experts, which one pair of A and B cannot update.
  case stacked(String)
  case noUpdates
  /// Neither an option nor a folder that exists names the model that the adapter was made for.
  case noBase(String?)
  /// A tensor that was trained whole, which an adapter for llama.cpp cannot have.
  case whole(String)
  /// A GGUF stores the weights of several modules in one tensor.
  case severalModules(String, module: String)

  public var category: ErrorCategory { .input }

  public var description: String {
    switch self {
    case .member(let name, let expected): "member \(name.quoted): expected \(expected)"
    case .unsupported(let what): "\(what) cannot be merged (merge it with PEFT's merge_and_unload)"
    case .halfPair(let module, let missing): "module \(module.quoted): has no \(missing)"
    case .wrongFactors(let module, let found, let expected): "module \(module.quoted): \(found), expected \(expected)"
    case .noWeight(let name):
      "changes \(name.quoted), which the model does not have (is it an adapter of another model?)"
    case .stacked(let name): "changes \(name.quoted), a stack of several matrices, which is not supported"
    case .noBase(let name):
      "does not say where the model is that it was made for"
        + (name.map { ": base_model_name_or_path \($0.quoted) is not a folder here" } ?? "")
        + " (pass it with --base; only its configuration is read)"
    case .whole(let name):
      "replaces \(name.quoted), which an adapter for llama.cpp cannot do (merge it into the model with --lora)"
    case .severalModules(let name, let module):
      "module \(module.quoted): \(name.quoted) of a GGUF also has the weights of other modules (merge the adapter into the"
        + " model with --lora)"
    case .noUpdates: "contains no update of a weight, expected pairs of lora_A and lora_B"
    }
  }
}
