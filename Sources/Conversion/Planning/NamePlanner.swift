import Architectures
import Bytes
import Models
import Quantization
import Tensors

/// Plans the quantization of a GGUF by the names of its tensors, as llama-quantize does it.
///
/// What llama-quantize decides depends on names and a few values of the metadata alone, so a GGUF needs no definition.
struct NamePlanner: DraftPlanner {
  var draft: PlanDraft

  init(_ draft: PlanDraft) { self.draft = draft }

  private var model: Model { draft.model }

  mutating func apply(_ evidence: PlanningEvidence) {}

  mutating func draftTensors() throws {
    noteFit()
    draft.checkByteOrder()
    _ = try draft.scheme()
    try draft.requireProblemFree()
    draft.noteInput()
    if let rules = draft.request.type.formatRules { draft.check(rules) }
    let known = Dictionary(model.tensors.map { ($0.descriptor.name, $0) }, uniquingKeysWith: { first, _ in first })
    for tensor in model.checkpoint.tensors {
      let slot = TensorSlot(named: tensor.name)
      let roles = known[tensor.name]?.layout.components.map(\.role) ?? [slot.role]
      do throws(TensorProblem) {
        draft.tensors.append(
          DraftTensor(
            tensor.name, PlannedTensor.Roles(roles: roles, layer: slot.layer, instance: nil),
            try RowReader(model.checkpoint, asStored: tensor, slot), shape: shape(of: tensor)))
      } catch {
        draft.problems.append(error)
      }
    }
  }

  /// The shape of a tensor; llama-gguf-split drops dimensions of 1, as recipes do.
  private func shape(of tensor: TensorDescriptor) -> Shape {
    switch draft.request.split {
    case .merge, .preserve: tensor.shape
    case .divide, .join: tensor.shape.droppingLeadingOnes()
    }
  }

  /// Warns if the architecture's definition does not fit the GGUF.
  private mutating func noteFit() {
    guard let first = model.problems.first else { return }
    draft.messages.append(
      .warning(
        "\(counted(model.problems.count, "fact")) do not fit the definition \(model.definition.name), so tensors are mapped "
          + "by name only; first: \(first)"))
  }

  /// The facts in the metadata, including those that `--override-kv` sets.
  func recipeInputs() -> RecipeInputs {
    var metadata = model.checkpoint.metadata
    for override in draft.request.metadataOverrides { metadata[override.key] = override.value }
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
      hasImportance: draft.request.importance != nil)
  }

  mutating func files() throws -> (files: [PlannedFile], sideFiles: [SideFile]) {
    switch draft.request.split {
    case .merge, .preserve: return (try draft.ggufFiles(try draft.sourceMetadata()), [])
    case .divide, .join: return (try draft.ggufFiles(model.checkpoint.metadata), [])
    }
  }
}
