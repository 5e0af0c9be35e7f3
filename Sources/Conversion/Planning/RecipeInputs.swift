import Models
import Quantization
import Tensors

/// The few numbers of a model that recipes ask for, as llama-quantize reads them.
struct RecipeInputs {
  /// The value of `general.architecture`.
  let architecture: String
  /// All layers.
  let layerCount: Int
  /// What rules ask for.
  let model: Recipe.ModelContext

  /// Layers at which llama.cpp takes a model of this architecture for one of 70 billion parameters.
  private static let layerCountOfSeventyBillion = ["llama": 80, "qwen2": 80, "deci": 80, "olmo": 80, "jais2": 68]

  init(
    architecture: String, layerCount: Int, headCount: Int, keyValueHeadCount: Int, expertCount: Int,
    hasImportance: Bool, tensors: [PlannedTensor]
  ) {
    self.architecture = architecture
    self.layerCount = layerCount
    let isLarge = Self.layerCountOfSeventyBillion[architecture] == layerCount
    // Of the LLaMA family, Llama 1 65B has as many layers, and mixtures of eight experts have sizes of their own.
    let isAnother = architecture == "llama" && (headCount == keyValueHeadCount || expertCount == 8)
    model = Recipe.ModelContext(
      headsPerKeyValueHead: keyValueHeadCount > 0 ? headCount / keyValueHeadCount : 0, expertCount: expertCount,
      tiesEmbeddings: !tensors.contains { $0.name == "output.weight" }, isLlama70B: isLarge && !isAnother,
      isFalcon: architecture == "falcon", hasImportance: hasImportance)
  }
}

extension Planner {
  /// The facts of the model: from a GGUF's metadata with what overrides it, from a folder's numbers.
  func recipeFacts(_ tensors: [PlannedTensor]) -> RecipeInputs {
    guard mapsByNameOnly else {
      let numbers = model.parameters
      let heads = numbers.integer("head_count") ?? 0
      return RecipeInputs(
        architecture: model.definition.ggufArchitecture, layerCount: numbers.integer("layer_count") ?? 0,
        headCount: heads, keyValueHeadCount: numbers.integer("key_value_head_count") ?? heads,
        expertCount: numbers.integer("expert_count") ?? 0, hasImportance: request.importance != nil,
        tensors: tensors)
    }
    var metadata = model.checkpoint.metadata
    for override in request.metadataOverrides { metadata[override.key] = override.value }
    let architecture = metadata["general.architecture"]?.text ?? ""
    // Where layers differ, the first one counts.
    func number(_ key: String) -> Int? {
      let value = metadata["\(architecture).\(key)"]
      return value?.integer ?? value?.array?.integers?.first
    }
    let heads = number("attention.head_count") ?? 0
    return RecipeInputs(
      architecture: architecture, layerCount: number("block_count") ?? 0, headCount: heads,
      keyValueHeadCount: number("attention.head_count_kv") ?? heads, expertCount: number("expert_count") ?? 0,
      hasImportance: request.importance != nil, tensors: tensors)
  }
}
