import Bytes
import Formats
import Models
import Quantization
import Tensors

/// The rules that give each tensor its own format.
enum FormatRules {
  case recipe(Recipe)
  /// A size target, which measures the matrices that no option decides on.
  case measurement

  /// The name in messages and rules.
  var name: String {
    switch self {
    case .recipe(let recipe): recipe.name
    case .measurement: "size target"
    }
  }

  /// Whether a matrix of this kind can only become `format` with an importance matrix.
  func requiresImportance(_ format: StorageFormat, for kind: Recipe.Kind) -> Bool {
    switch self {
    case .recipe(let recipe): recipe.requiresImportance(format, for: kind)
    case .measurement: Recipe.requiresImportanceAlways(format, for: kind)
    }
  }
}

extension PlanDraft {
  /// Adds a problem if `rules` cannot assign formats to this conversion.
  mutating func check(_ rules: FormatRules) {
    if target != .gguf { problems.append(ConversionError.recipeNeedsGGUF(rules.name)) }
    if case .recipe(let recipe) = rules, recipe.isCopy, !usesGGUFNames {
      problems.append(ConversionError.copyNeedsGGUF)
    }
    if request.split == .preserve, !usesGGUFNames { problems.append(ConversionError.splitNeedsGGUF) }
  }

  /// Orders the tensors as llama-quantize does, leaves out pruned layers and gives each tensor its format and weights.
  mutating func assignFormats(_ rules: FormatRules, _ inputs: RecipeInputs) {
    recipeInputs = inputs
    tensors.sort { $0.name.isBeforeByLayer($1.name) }
    prune()
    if request.split == .preserve {
      // The sort is stable where two tensors have the same offset, as empty ones may.
      tensors.sort { $0.splitPosition < $1.splitPosition }
    }
    var overrides = TypeOverrides(request.typeOverrides)
    problems += overrides.problems
    var assignment = RecipeAssignment(
      rules, request.recipeOptions, inputs.tying(tensors), tensors, others: usesGGUFNames ? .keep : .asConverter,
      keepsExactTensors: keepsExactTensors)
    for index in tensors.indices {
      guard let reader = tensors[index].reader else { continue }
      let decision = assignment.decision(for: tensors[index], reader, &overrides)
      tensors[index].decision = fitting(decision, tensors[index])
      tensors[index].shape = tensors[index].shape.droppingLeadingOnes()
    }
    problems += overrides.unused.map { ConversionError.overrideMatchesNothing(pattern: $0) }
    weighColumns(rules)
    noteMixture(rules, inputs)
  }

  /// Says of a recipe that is called like a format how many matrices get another one.
  private mutating func noteMixture(_ rules: FormatRules, _ inputs: RecipeInputs) {
    guard case .recipe(let recipe) = rules, let format = recipe.format, recipe.name == format.name, format.isQuantized,
      request.recipeOptions.matrices == .byRule
    else { return }
    let matrices = tensors.filter { Recipe.quantizes($0.name, $0.shape, architecture: inputs.architecture) }
    let others = matrices.count { $0.format != format }
    messages.append(
      .note(
        "\(recipe.name) is a recipe: \(others.grouped) of the \(matrices.count.grouped) matrices "
          + "\(others == 1 ? "has" : "have") another format (--pure gives every matrix \(format))"))
  }

  /// Gives undecided matrices the formats that a size target chose.
  mutating func decide(_ allocation: SizeAllocation) {
    for index in tensors.indices where tensors[index].isUndecided {
      tensors[index].importance = nil
      guard let choice = allocation.choices[tensors[index].name] else { continue }
      tensors[index].decision = fitting(.decided(choice.format, rule: choice.rule), tensors[index])
    }
    allocatedFileType = GGUFFileType.number(of: mostCommonFormat)
    weighColumns(.measurement)
  }

  /// The format that was chosen, or the one that replaces it where the rows are not whole blocks.
  mutating func fitting(_ decision: FormatDecision, _ tensor: DraftTensor) -> FormatDecision {
    guard case .decided(let wanted, let rule) = decision, wanted != tensor.readFormat else { return decision }
    let rowElementCount = tensor.shape.rowElementCount
    let format = wanted.fitting(rowElementCount: rowElementCount)
    guard format != wanted else { return decision }
    fallbacks.add(
      Fallbacks.Reason(wanted: wanted, given: format, rowElementCount: rowElementCount), tensor.name,
      elementCount: tensor.shape.elementCount)
    return .decided(format, rule: "fallback: rows do not fill blocks of \(wanted) (\(rule))")
  }
}

extension DraftTensor {
  /// Its position in a split set.
  fileprivate var splitPosition: (Int, Int) {
    sources.first.map { ($0.descriptor.fileIndex, $0.descriptor.fileOffset) } ?? (0, 0)
  }
}
