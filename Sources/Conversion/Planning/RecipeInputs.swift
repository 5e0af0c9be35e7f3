import Models
import Quantization
import Tensors

/// The hyperparameters that recipes ask for, as llama-quantize reads them.
struct RecipeInputs {
  /// The value of `general.architecture`.
  let architecture: String
  /// All layers.
  let layerCount: Int
  /// The model's values that rules use.
  private(set) var model: Recipe.ModelContext

  /// The layer counts by which llama.cpp recognizes models of 70 billion parameters.
  private static let layerCountOf70B = ["llama": 80, "qwen2": 80, "deci": 80, "olmo": 80, "jais2": 68]

  init(
    architecture: String, layerCount: Int, headCount: Int, keyValueHeadCount: Int, expertCount: Int,
    hasImportance: Bool
  ) {
    self.architecture = architecture
    self.layerCount = layerCount
    let isLarge = Self.layerCountOf70B[architecture] == layerCount
    // Of the LLaMA family, Llama 1 65B has as many layers, and mixtures of eight experts have sizes of their own.
    let isAnother = architecture == "llama" && (headCount == keyValueHeadCount || expertCount == 8)
    model = Recipe.ModelContext(
      headsPerKeyValueHead: keyValueHeadCount > 0 ? headCount / keyValueHeadCount : 0, expertCount: expertCount,
      tiesEmbeddings: false, isLlama70B: isLarge && !isAnother,
      isFalcon: architecture == "falcon", hasImportance: hasImportance)
  }

  /// The same facts for an output of these tensors.
  func tying(_ tensors: [DraftTensor]) -> RecipeInputs {
    var inputs = self
    inputs.model.tiesEmbeddings = !tensors.contains { $0.name == "output.weight" }
    return inputs
  }
}
