import Architectures
import Bytes
import Models
import Quantization
import Tensors

/// Plans a safetensors output of safetensors that no definition fits: names, order, layouts and metadata stay, files and
/// floating-point formats may change.
struct StoredPlanner: DraftPlanner {
  var draft: PlanDraft

  init(_ draft: PlanDraft) { self.draft = draft }

  private var model: Model { draft.model }

  func recipeInputs() -> RecipeInputs {
    RecipeInputs(
      architecture: "", layerCount: 0, headCount: 0, keyValueHeadCount: 0, expertCount: 0, hasImportance: false)
  }

  mutating func draftTensors() throws {
    if let rules = draft.request.type.formatRules { draft.check(rules) }
    draft.type = draft.requestedFormat()
    _ = try draft.scheme()
    try draft.requireProblemFree()
    draft.messages += model.remarks.map(PlanMessage.warning)
    for tensor in model.checkpoint.tensors { StoredTensors.add(tensor, to: &draft) }
  }

  mutating func apply(_ evidence: PlanningEvidence) {
    var overrides = TypeOverrides(draft.request.typeOverrides)
    draft.problems += overrides.problems
    var kept: [StorageFormat: [TensorName]] = [:]
    for index in draft.tensors.indices {
      let tensor = draft.tensors[index]
      guard let override = overrides.format(for: tensor.name) else {
        if draft.keepsExactTensors, let exact = tensor.exactDecision {
          draft.tensors[index].decision = exact
          continue
        }
        draft.tensors[index].decision = tensor.formatByName(draft.type)
        if let type = draft.type, draft.tensors[index].format != type {
          kept[tensor.readFormat, default: []].append(tensor.name)
        }
        continue
      }
      draft.tensors[index].decision = .decided(override.format, rule: override.rule)
    }
    draft.problems += overrides.unused.map { ConversionError.overrideMatchesNothing(pattern: $0) }
    for (format, names) in kept.sorted(by: { $0.key.name < $1.key.name }) {
      draft.messages.append(
        .note(
          "\(counted(names.count, "tensor")) in \(format) \(names.count == 1 ? "is" : "are") not cast, because the values may be "
            + "codes (first: \(names[0].text.quoted); --tensor-type casts anyway)"))
    }
  }

  mutating func files() throws -> (files: [PlannedFile], sideFiles: [SideFile]) { try folderFiles() }
}
