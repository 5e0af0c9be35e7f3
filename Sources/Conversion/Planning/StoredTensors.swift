import Architectures
import Bytes
import Models
import Tensors

/// Tensors that a safetensors output takes over as they are stored: no architecture says anything of them.
enum StoredTensors {
  /// Adds the tensors that have no slot in the architecture, under their own names.
  ///
  /// One whose name is already taken in the output is another name of that tensor, and is left out.
  static func addOthers(to draft: inout PlanDraft) {
    let model = draft.model
    let used = Set(draft.tensors.flatMap { $0.sources.map(\.descriptor.name) })
    var names = Set(draft.tensors.map(\.name))
    let reasons = Dictionary(
      model.dropped.map { ($0.tensor.name, $0.reason) }, uniquingKeysWith: { first, _ in first })
    var unknown: [TensorName] = []
    for tensor in model.checkpoint.tensors where !used.contains(tensor.name) {
      guard names.insert(tensor.name).inserted else {
        draft.dropped.append((tensor.name, reasons[tensor.name] ?? "another tensor has its name"))
        continue
      }
      add(tensor, to: &draft)
      if reasons[tensor.name] == nil { unknown.append(tensor.name) }
    }
    draft.dropped += model.checkpoint.unused.map { ($0.tensor.name, $0.reason) }
    guard let first = unknown.first else { return }
    draft.messages.append(
      .warning(
        "\(counted(unknown.count, "tensor")) \(unknown.count == 1 ? "has" : "have") no role in \(model.definition.name) and "
          + "\(unknown.count == 1 ? "keeps its name" : "keep their names") (first: \(first.text.quoted))"))
  }

  /// Adds one tensor as it is stored.
  static func add(_ tensor: TensorDescriptor, to draft: inout PlanDraft) {
    let slot = TensorSlot(TensorRole(rawValue: tensor.name.text))
    do throws(TensorProblem) {
      var drafted = DraftTensor(
        tensor.name, PlannedTensor.Roles(roles: [slot.role], layer: nil, instance: nil),
        try RowReader(draft.model.checkpoint, asStored: tensor, slot), shape: tensor.shape)
      drafted.isByName = true
      draft.tensors.append(drafted)
    } catch {
      draft.problems.append(error)
    }
  }
}

extension DraftTensor {
  /// The format of a tensor of which only the name is known: a cast changes floating-point values alone, since integers
  /// and formats of fewer than 16 bits may be codes that other tensors explain.
  func formatByName(_ type: StorageFormat?) -> FormatDecision {
    guard let type, type != readFormat else { return .decided(readFormat, rule: "kept") }
    guard readFormat.facts.kind == .float, readFormat.bitsPerElement >= 16 else {
      return .decided(readFormat, rule: "kept: its values may be codes")
    }
    return .decided(type, rule: "the format asked for")
  }
}
