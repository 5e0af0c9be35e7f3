import Architectures
import Models
import Quantization
import Tensors

/// What a recipe gives the tensors of one model, asked layer by layer.
struct RecipeAssignment {
  private let recipe: Recipe
  private let options: ConversionRequest.RecipeOptions
  private let facts: Recipe.ModelFacts
  private let isFromGGUF: Bool
  private let layerCount: Int
  private var counts: [Recipe.Kind: Int] = [:]
  /// Matrices of each kind that the recipe decided on so far.
  private var positions: [Recipe.Kind: Int] = [:]

  init(_ recipe: Recipe, _ options: ConversionRequest.RecipeOptions, _ model: Model) {
    self.recipe = recipe
    self.options = options
    isFromGGUF = model.checkpoint.container == .gguf
    let numbers = model.parameters
    let heads = numbers.integer("head_count") ?? 1
    let keyValueHeads = max(1, numbers.integer("key_value_head_count") ?? heads)
    layerCount = numbers.integer("layer_count") ?? 0
    facts = Recipe.ModelFacts(
      headsPerKeyValueHead: heads / keyValueHeads, expertCount: numbers.integer("expert_count") ?? 0,
      tiesEmbeddings: model.tensor(TensorPlace(.output)) == nil,
      isSeventyBillion: model.definition.ggufArchitecture == "llama" && layerCount == 80 && heads != keyValueHeads)
  }

  /// Learns how many matrices there are of each kind.
  mutating func count(_ tensors: [ArrangedTensor]) {
    counts = tensors.reduce(into: [:]) { $0[Recipe.Kind($1.purpose.roles), default: 0] += 1 }
  }

  /// The tensors layer by layer, so that a matrix's number among those of its kind follows the layers.
  func inOrder(_ tensors: [ArrangedTensor]) -> [ArrangedTensor] {
    tensors.sorted { ($0.purpose.layer ?? -1) < ($1.purpose.layer ?? -1) }
  }

  /// The format of one tensor, whether or not its rows fill the blocks, and the rule that decides it.
  mutating func format(
    of tensor: ArrangedTensor, _ overrides: inout TypeOverrides
  ) -> (format: StorageFormat, rule: String) {
    let (reader, name, shape) = (tensor.reader, tensor.name, tensor.shape)
    let kind = Recipe.Kind(tensor.purpose.roles)
    guard let defaultFormat = recipe.format else { return (reader.format, "COPY: kept") }
    guard Self.isQuantizable(name, shape) else { return unquantized(tensor, "no matrix of weights") }
    if kind == .output, options.keepsOutput { return unquantized(tensor, "--leave-output-tensor") }
    let override = overrides.format(for: name)
    if let choice = optionFormat(kind, isOverridden: override != nil) { return choice }
    if let override { return (override.format, override.rule) }
    if let choice = options.allocation?.choice(for: name, of: reader) { return choice }
    if options.isPure { return (defaultFormat, "\(recipe.name): --pure") }
    let isFeedForward = [.feedForwardGate, .feedForwardUp, .feedForwardDown].contains(kind)
    let count = isFeedForward ? layerCount : counts[kind] ?? 0
    let ordinal = positions[kind, default: 0]
    let position = isFeedForward && facts.expertCount > 1 ? tensor.purpose.layer ?? 0 : ordinal
    positions[kind, default: 0] += 1
    let choice = recipe.choice(
      for: Recipe.MatrixFacts(
        kind: kind, rowElementCount: shape.rowElementCount, position: position, count: count, ordinal: ordinal,
        stackedCount: shape.rank > 2 ? shape.extents[0] : 1),
      in: facts)
    return choice.map { ($0.format, $0.rule) } ?? (reader.format, "kept")
  }

  /// The format that an option names for the output matrix or the token embedding.
  private func optionFormat(_ kind: Recipe.Kind, isOverridden: Bool) -> (format: StorageFormat, rule: String)? {
    if kind == .tokenEmbedding, let format = options.embeddingFormat { return (format, "--token-embedding-type") }
    let isSharedOutput =
      kind == .tokenEmbedding && facts.tiesEmbeddings && !options.isPure && !isOverridden
      && recipe.format?.isQuantized == true
    guard kind == .output || isSharedOutput, let format = options.outputFormat else { return nil }
    return (format, "--output-tensor-type")
  }

  /// Whether a tensor is a matrix of weights: norms, biases and routers stay as they are.
  private static func isQuantizable(_ name: TensorName, _ shape: Shape) -> Bool {
    shape.rank > 1 && shape.rowCount > 1 && name.text.hasSuffix("weight") && !name.text.contains("_norm.weight")
      && !name.text.contains("ffn_gate_inp.weight")
  }

  /// A tensor that the recipe leaves alone.
  private func unquantized(_ tensor: ArrangedTensor, _ rule: String) -> (format: StorageFormat, rule: String) {
    let reader = tensor.reader
    return isFromGGUF || (tensor.shape.rank > 1 && reader.format.facts.ggmlType != nil)
      ? (reader.format, "\(rule): kept") : (.f32, "\(rule): F32")
  }
}

extension Planner {
  /// The recipe that was asked for, if one was.
  var recipe: Recipe? { if case .recipe(let recipe) = request.type { recipe } else { nil } }

  /// What stands in the way of a recipe as such.
  mutating func checkRecipe(_ recipe: Recipe, _ target: ConversionRequest.Target) {
    if target != .gguf { problems.append(ConversionError.recipeNeedsGGUF(recipe.name)) }
    if recipe.format == nil, model.checkpoint.container != .gguf { problems.append(ConversionError.copyNeedsGGUF) }
  }
}

extension Recipe.Kind {
  /// The kinds by role. A mixture's experts and its shared expert count as the feed-forward network.
  private static let kinds: [TensorRole: Recipe.Kind] = [
    .tokenEmbedding: .tokenEmbedding, .output: .output, .attentionQuery: .attentionQuery,
    .attentionKey: .attentionKey, .attentionValue: .attentionValue, .attentionOutput: .attentionOutput,
    .feedForwardGate: .feedForwardGate, .feedForwardUp: .feedForwardUp, .feedForwardDown: .feedForwardDown,
    "expert_gate": .feedForwardGate, "expert_up": .feedForwardUp, "expert_down": .feedForwardDown,
    "shared_expert_gate": .feedForwardGate, "shared_expert_up": .feedForwardUp,
    "shared_expert_down": .feedForwardDown,
  ]

  /// The kind of the matrix that holds these roles; the last of them names it, as `attn_qkv` goes with the values.
  init(_ roles: [TensorRole]) { self = roles.last.flatMap { Self.kinds[$0] } ?? .other }
}
