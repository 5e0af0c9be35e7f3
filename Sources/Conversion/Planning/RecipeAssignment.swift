import Models
import Quantization
import Tensors

/// What a recipe gives the tensors of one model, asked in the order in which they are written.
struct RecipeAssignment {
  private let recipe: Recipe
  private let options: ConversionRequest.RecipeOptions
  private let facts: RecipeInputs
  private let isFromGGUF: Bool
  private let counts: [Recipe.Kind: Int]
  private let tiesEmbeddings: Bool
  /// Matrices of each kind that the recipe decided on so far.
  private var positions: [Recipe.Kind: Int] = [:]

  init(
    _ recipe: Recipe, _ options: ConversionRequest.RecipeOptions, _ facts: RecipeInputs, _ tensors: [PlannedTensor],
    isFromGGUF: Bool
  ) {
    self.recipe = recipe
    self.options = options
    self.facts = facts
    self.isFromGGUF = isFromGGUF
    tiesEmbeddings = facts.model.tiesEmbeddings
    counts = tensors.reduce(into: [:]) { $0[Recipe.Kind($1.name), default: 0] += 1 }
  }

  /// The format of one tensor, whether or not its rows fill the blocks, and the rule that decides it.
  mutating func format(
    of tensor: OutputLayout, _ overrides: inout TypeOverrides
  ) -> (format: StorageFormat, rule: String) {
    let (reader, name, shape) = (tensor.reader, tensor.name, tensor.shape)
    let kind = Recipe.Kind(name)
    guard let defaultFormat = recipe.format else { return (reader.format, "COPY: kept") }
    guard Recipe.quantizes(name, shape, architecture: facts.architecture) else {
      return unquantized(tensor, "no matrix of weights")
    }
    if kind == .output, options.keepsOutput { return unquantized(tensor, "--leave-output-tensor") }
    let override = overrides.format(for: name)
    if let choice = optionFormat(kind, name, isOverridden: override != nil) { return choice }
    if let override { return (override.format, override.rule) }
    if let choice = options.allocation?.choice(for: name, of: reader) { return choice }
    if options.isPure { return (defaultFormat, "\(recipe.name): --pure") }
    let matrix = matrixFacts(kind, name, shape)
    let isOutput = kind == .output || (kind == .tokenEmbedding && tiesEmbeddings)
    if !isOutput { positions[kind, default: 0] += 1 }
    let choice = recipe.choice(for: matrix, in: facts.model)
    return choice.map { ($0.format, $0.rule) } ?? (reader.format, "kept")
  }

  /// Feed-forward matrices are counted by the model's layers, and in a mixture of experts their own layer is their number.
  private func matrixFacts(_ kind: Recipe.Kind, _ name: TensorName, _ shape: Shape) -> Recipe.MatrixContext {
    let isFeedForward = [.feedForwardGate, .feedForwardUp, .feedForwardDown].contains(kind)
    let ordinal = positions[kind, default: 0]
    return Recipe.MatrixContext(
      kind: kind, rowElementCount: shape.rowElementCount,
      position: isFeedForward && facts.model.expertCount > 1 ? name.ggufLayer ?? ordinal : ordinal,
      count: isFeedForward ? facts.layerCount : counts[kind] ?? 0, ordinal: ordinal, stackedCount: shape.expertCount)
  }

  /// The format that an option names for the output matrix or the token embedding.
  private func optionFormat(
    _ kind: Recipe.Kind, _ name: TensorName, isOverridden: Bool
  ) -> (format: StorageFormat, rule: String)? {
    // A table of embeddings for each layer follows the option unless a pattern names it.
    let isNamed = isOverridden && name == "per_layer_token_embd.weight"
    if kind == .tokenEmbedding, !isNamed, let format = options.embeddingFormat {
      return (format, "--token-embedding-type")
    }
    let isShared = kind == .tokenEmbedding && tiesEmbeddings
    let isSharedOutput = isShared && !options.isPure && !isOverridden && recipe.format?.isQuantized == true
    guard kind == .output || isSharedOutput, let format = options.outputFormat else { return nil }
    return (format, "--output-tensor-type")
  }

  /// A tensor that the recipe leaves alone; from a folder as the reference converter leaves it.
  private func unquantized(_ tensor: OutputLayout, _ rule: String) -> (format: StorageFormat, rule: String) {
    let format = tensor.reader.format
    let isKept = isFromGGUF || (tensor.reasonForF32 == nil && format.facts.ggmlType != nil)
    return isKept ? (format, "\(rule): kept") : (.f32, "\(rule): F32")
  }
}
