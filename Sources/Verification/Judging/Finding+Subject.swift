import Architectures
import Bytes
import Models
import Tensors

extension Finding {
  /// The subject of a finding; only reports put it into words.
  public enum Subject: Sendable, Hashable, CustomStringConvertible {
    /// The tensor of a role, in both models.
    case slot(TensorSlot)
    /// A tensor by its name in a file.
    case tensor(TensorName)
    /// A tensor of one of two checkpoints, with the path of the checkpoint.
    case tensorOf(checkpoint: String, TensorName)
    /// A hyperparameter, by the name in its definition or the name of a fault's probe.
    case hyperparameter(String)
    /// A key of a GGUF's metadata.
    case metadata(ExactString)
    /// A point of the forward pass.
    case hiddenState(HiddenStateComparison.Point)
    /// The output of the forward pass.
    case output(ForwardPassFeatures.Output)
    /// The architecture.
    case architecture
    /// The tokenizer.
    case tokenizer
    /// The quality of the candidate.
    case quality
    /// A member of a side file: `config.json`, `eos_token_id`.
    case member(file: String, String)
    /// A text that tokenizers encode.
    case text(String)
    /// A checkpoint, by its path.
    case checkpoint(String)
    /// All tensors together.
    case coverage, weights

    /// Texts longer than this are not shown.
    private static let shownLength = 40

    public var description: String {
      switch self {
      case .slot(let slot): "\(slot)"
      case .tensor(let name): name.text
      case .tensorOf(let path, let name): "\(path): \(name.text)"
      case .hyperparameter(let name): name
      case .metadata(let key): key.text
      case .hiddenState(let point): "\(point)"
      case .output(let output): output.words
      case .architecture: "architecture"
      case .tokenizer: "tokenizer"
      case .quality: "quality"
      case .member(let file, let name): "\(file): \(name)"
      case .text(let text): text.count > Self.shownLength ? "text" : "text \(text.quoted)"
      case .checkpoint(let path): path
      case .coverage: "coverage"
      case .weights: "weights"
      }
    }
  }
}
