import Models
import Quantization
import Tensors

/// The formats that a recipe gives the tensors of one model, asked in the order in which they are written.
struct RecipeAssignment {
  /// The formats of tensors that are not quantized.
  enum Unquantized {
    /// Those of the input.
    case keep
    /// Those that llama.cpp's converter writes.
    case asConverter
  }

  private let rules: FormatRules
  private let options: ConversionRequest.RecipeOptions
  private let facts: RecipeInputs
  private let others: Unquantized
  /// Whether tensors that a format holds exactly keep their values.
  private let keepsExactTensors: Bool
  private let counts: [Recipe.Kind: Int]
  private let tiesEmbeddings: Bool
  /// Matrices of each kind that the recipe decided on so far.
  private var positions: [Recipe.Kind: Int] = [:]

  init(
    _ rules: FormatRules, _ options: ConversionRequest.RecipeOptions, _ facts: RecipeInputs, _ tensors: [DraftTensor],
    others: Unquantized, keepsExactTensors: Bool
  ) {
    self.keepsExactTensors = keepsExactTensors
    self.rules = rules
    self.options = options
    self.facts = facts
    self.others = others
    tiesEmbeddings = facts.model.tiesEmbeddings
    counts = tensors.reduce(into: [:]) { $0[Recipe.Kind($1.name), default: 0] += 1 }
  }

  /// The format of one tensor, whether or not its rows are whole blocks, and the rule that decides it.
  mutating func decision(
    for tensor: DraftTensor, _ reader: RowReader, _ overrides: inout TypeOverrides
  ) -> FormatDecision {
    let (name, shape) = (tensor.name, reader.layout.shape)
    let kind = Recipe.Kind(name)
    if case .recipe(let recipe) = rules, recipe.isCopy {
      return tensor.exactDecision ?? .decided(reader.format, rule: "COPY: kept")
    }
    guard Recipe.quantizes(name, shape, architecture: facts.architecture) else {
      return unquantized(tensor, reader, "not a weight matrix")
    }
    if kind == .output, options.output == .keep { return unquantized(tensor, reader, "--leave-output-tensor") }
    let override = overrides.format(for: name)
    if let choice = optionFormat(kind, name, isOverridden: override != nil) { return choice }
    if let override { return .decided(override.format, rule: override.rule) }
    if keepsExactTensors, let exact = tensor.exactDecision { return exact }
    guard case .recipe(let recipe) = rules, let format = recipe.format else { return .undecided }
    if options.matrices == .uniform { return .decided(format, rule: "\(recipe.name): --pure") }
    let matrix = matrixContext(kind, name, shape)
    let isOutput = kind == .output || (kind == .tokenEmbedding && tiesEmbeddings)
    if !isOutput { positions[kind, default: 0] += 1 }
    let choice = recipe.choice(for: matrix, in: facts.model)
    return choice.map { .decided($0.format, rule: $0.rule) } ?? .decided(reader.format, rule: "kept")
  }

  /// Feed-forward matrices are counted by the model's layers, and in a mixture of experts their own layer is their number.
  private func matrixContext(_ kind: Recipe.Kind, _ name: TensorName, _ shape: Shape) -> Recipe.MatrixContext {
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
  ) -> FormatDecision? {
    // A table of embeddings for each layer follows the option unless a pattern names it.
    let isNamed = isOverridden && name == "per_layer_token_embd.weight"
    if kind == .tokenEmbedding, !isNamed, let format = options.embeddingFormat {
      return .decided(format, rule: "--token-embedding-type")
    }
    let isShared = kind == .tokenEmbedding && tiesEmbeddings
    let isSharedOutput = isShared && options.matrices != .uniform && !isOverridden && quantizes
    guard kind == .output || isSharedOutput, let format = options.outputFormat else { return nil }
    return .decided(format, rule: "--output-tensor-type")
  }

  /// Whether the matrices become block formats.
  private var quantizes: Bool {
    if case .recipe(let recipe) = rules { recipe.format?.isQuantized == true } else { true }
  }

  /// The format of a tensor that the recipe does not change.
  private func unquantized(_ tensor: DraftTensor, _ reader: RowReader, _ rule: String) -> FormatDecision {
    let format = reader.format
    let isKept = others == .keep || (tensor.reasonForF32 == nil && format.facts.ggmlType != nil)
    return isKept ? .decided(format, rule: "\(rule): kept") : .decided(.f32, rule: "\(rule): F32")
  }
}
