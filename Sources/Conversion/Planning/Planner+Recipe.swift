import Architectures
import Bytes
import Models
import Quantization
import Tensors

// Quantizing by a recipe. What llama-quantize decides, it decides by the names of a GGUF's tensors and a few numbers of the
// metadata, whatever the architecture; so does this, and a GGUF needs no definition for it.

extension Planner {
  /// The recipe that was asked for, if one was.
  var recipe: Recipe? { if case .recipe(let recipe) = request.type { recipe } else { nil } }

  /// Whether a GGUF goes into another as it is but for the formats, so that nothing depends on a definition.
  var mapsByNameOnly: Bool {
    recipe != nil && request.resolvedTarget == .gguf && model.facts.ggufMetadata != nil
  }

  /// What stands in the way of a recipe as such.
  mutating func checkRecipe(_ recipe: Recipe, _ target: ConversionRequest.Target) {
    let isFromGGUF = model.facts.ggufMetadata != nil
    if target != .gguf { problems.append(ConversionError.recipeNeedsGGUF(recipe.name)) }
    if recipe.format == nil, !isFromGGUF { problems.append(ConversionError.copyNeedsGGUF) }
    if request.keepsSplit, !isFromGGUF { problems.append(ConversionError.splitNeedsGGUF) }
  }

  /// Says where a definition does not fit a GGUF whose tensors go by their names.
  mutating func notePlainFit() {
    guard let first = model.problems.first else { return }
    remarks.append(
      .warning(
        "\(counted(model.problems.count, "fact")) do not fit the definition \(model.definition.name), so all tensors go by "
          + "their names; first: \(first)"))
  }

  /// Every tensor of a GGUF under its own name and in its own format.
  mutating func planByNames() -> [PlannedTensor] {
    let known = Dictionary(model.tensors.map { ($0.descriptor.name, $0) }, uniquingKeysWith: { first, _ in first })
    var tensors: [PlannedTensor] = []
    for tensor in model.checkpoint.tensors {
      let slot = TensorSlot(named: tensor.name)
      let roles = known[tensor.name]?.layout.components.map(\.role) ?? [slot.role]
      do throws(TensorProblem) {
        let reader = try RowReader(model.checkpoint, asStored: tensor, slot)
        tensors.append(
          PlannedTensor(
            name: tensor.name, purpose: PlannedTensor.Roles(roles: roles, layer: slot.layer, instance: nil),
            source: .rows(reader), format: reader.format, shape: tensor.shape, rule: "kept"))
      } catch {
        problems.append(error)
      }
    }
    return tensors
  }

  /// Orders the tensors as llama-quantize does, leaves out pruned layers and gives each tensor its format and weights.
  mutating func applyRecipe(_ recipe: Recipe, to tensors: inout [PlannedTensor]) {
    tensors.sort { $0.name.isBeforeByLayer($1.name) }
    let originalNames = prune(&tensors)
    if request.keepsSplit {
      // The sort is stable where two tensors lie at the same place, as empty ones may.
      tensors.sort { $0.splitPosition < $1.splitPosition }
    }
    var overrides = TypeOverrides(request.typeOverrides)
    problems += overrides.problems
    let facts = recipeFacts(tensors)
    var assignment = RecipeAssignment(
      recipe, request.recipeOptions, facts, tensors, isFromGGUF: model.facts.ggufMetadata != nil)
    for index in tensors.indices {
      guard case .rows(let reader) = tensors[index].source else { continue }
      let tensor = OutputLayout(name: tensors[index].name, purpose: tensors[index].purpose, reader: reader)
      tensors[index] = tensors[index].droppingLeadingOnes()
        .stored(as: fitting(assignment.format(of: tensor, &overrides), tensor))
    }
    problems += overrides.unused.map { ConversionError.overrideMatchesNothing(pattern: $0) }
    applyImportance(to: &tensors, recipe, originalNames)
  }
}

extension PlannedTensor {
  /// Where it lies in a split set.
  fileprivate var splitPosition: (Int, Int) {
    sources.first.map { ($0.descriptor.fileIndex, $0.descriptor.fileOffset) } ?? (0, 0)
  }
}
