import Architectures
import Bytes
import Models
import Tensors

/// Plans a conversion through the model's architecture: every canonical tensor gets its name and layout in a scheme.
struct ArchitecturePlanner: DraftPlanner {
  var draft: PlanDraft
  /// Roles that stay F32 in a folder whose matrices have fewer bits.
  private(set) var wideRoles: Set<TensorRole> = []

  init(_ draft: PlanDraft) { self.draft = draft }

  var model: Model { draft.model }

  mutating func draftTensors() throws {
    draft.problems += draft.keepsAllTensors ? model.problemsOfStoredTensors : model.problems
    if draft.keepsAllTensors {
      draft.messages += model.problems.filter { $0 is AbsentHead }.map { .warning($0.description) }
    }
    draft.checkByteOrder()
    let scheme = try draft.scheme()
    checkHyperparameters()
    draft.checkPartition()
    try draft.requireProblemFree()
    draft.noteInput()
    draft.type = chosenType()
    draft.tensors = derivedTensors(scheme) + layouts(scheme)
    // The text model alone, from one with images or audio, leaves out the others.
    if draft.keepsAllTensors, !model.scheme.isTextPart || scheme.isTextPart {
      StoredTensors.addOthers(to: &draft)
    } else {
      draft.dropped = model.dropped.map { ($0.tensor.name, $0.reason) }
    }
    OutputMatrix.addCopy(to: &draft, scheme)
    draft.addTiedOutput(scheme)
    ClassifierHead.decide(&draft)
    noteOtherComputation()
  }

  /// Warns of tensors with which llama.cpp computes something else.
  private mutating func noteOtherComputation() {
    guard draft.target == .gguf else { return }
    for tensor in draft.tensors {
      for case let warning? in tensor.purpose.roles.map({ model.definition.rule($0)?.ggufWarning }) {
        draft.messages.append(.warning("\(tensor.name.text.quoted): \(warning)"))
      }
    }
  }

  mutating func apply(_ evidence: PlanningEvidence) {
    draft.evidence = evidence
    noteTiedTensors()
    OutputMatrix.decide(&draft)
    if takesFormatOfMatrices { chooseWideRoles() }
    if draft.request.type.formatRules == nil { chooseFormats() }
  }

  /// The hyperparameters must be valid, and known where the output contains them.
  private mutating func checkHyperparameters() {
    guard model.hasExplicitHyperparameters || draft.target != .safeTensors else { return }
    guard model.hasExplicitHyperparameters else {
      draft.problems.append(ConversionError.needsNumbers(target: draft.target == .gguf ? "a GGUF" : "a folder"))
      return
    }
    do throws(HyperparameterError) {
      // Those of an architecture without a forward pass are only checked one by one.
      if model.definition.forwardPass != nil { _ = try model.forwardPassHyperparameters() }
    } catch {
      draft.problems.append(error)
    }
  }

  func recipeInputs() -> RecipeInputs {
    let heads = model.hyperparameters.integer("head_count") ?? 0
    // Where layers differ, the first one counts.
    let keyValueHeads = Expression("key_value_head_count")?.integer(model.hyperparameters, layer: 0)
    return RecipeInputs(
      architecture: model.definition.ggufArchitecture ?? "",
      // llama-quantize counts all blocks, also those that predict more tokens.
      layerCount: model.definition.ggufLayerCount(model.hyperparameters),
      headCount: heads, keyValueHeadCount: keyValueHeads ?? heads,
      expertCount: model.hyperparameters.integer("expert_count") ?? 0, hasImportance: draft.request.importance != nil)
  }

  mutating func files() throws -> (files: [PlannedFile], sideFiles: [SideFile]) {
    guard draft.target != .gguf else { return (try draft.ggufFiles(try ggufMetadata()), []) }
    return try folderFiles()
  }

  func dropped(in scheme: NamingScheme) -> [(name: TensorName, reason: String)] {
    let isWritten = model.definition.derived.contains { model.definition.pattern(of: $0, in: scheme) != nil }
    return draft.dropped + (isWritten ? [] : model.derived.map { ($0.name, "follows from the hyperparameters") })
  }

  /// Roles with a tensor whose values the output's format cannot hold.
  mutating func keepInF32(_ roles: Set<TensorRole>) { wideRoles.formUnion(roles) }
}
