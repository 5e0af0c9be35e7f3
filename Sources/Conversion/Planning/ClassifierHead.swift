import Architectures
import Models
import Tensors

/// The classifier head in a GGUF, where llama.cpp's converter leaves out a part of it or does not state its labels.
enum ClassifierHead {
  /// Decides on the tensors of the head that the converter leaves out, and on their names without labels.
  static func decide(_ draft: inout PlanDraft) {
    guard draft.target == .gguf else { return noteMissingPart(&draft) }
    guard !draft.usesGGUFNames else { return }
    let left = draft.tensors.filter { tensor in
      tensor.purpose.roles.contains { draft.model.definition.rule($0)?.isLeftOutByReference == true }
    }
    let labels = statedLabels(draft)
    if let first = left.first {
      let names = left.compactMap { $0.sources.first?.descriptor.name.text.quoted }.joined(separator: " and ")
      let isWanted = draft.departs(
        .keptPooler, "\(names) \(left.count == 1 ? "is" : "are") written as part of the head: the scores depend on it")
      if !isWanted { leaveOut(left, from: &draft, hasLabels: labels == nil, first) }
    }
    if let labels {
      let isWanted = draft.departs(
        .statedLabels, "the labels are stated as \(labels.joined(separator: ", ")): llama.cpp needs their number")
      if isWanted { draft.statedLabels = labels }
    }
  }

  /// Warns of a folder made of a GGUF without the part that the converter leaves out.
  private static func noteMissingPart(_ draft: inout PlanDraft) {
    let model = draft.model
    guard draft.usesGGUFNames, model.location(TensorSlot(.classifierOutput)) != nil,
      model.definition.rule(.classifierDense)?.isLeftOutByReference == true,
      model.location(TensorSlot(.classifierDense)) == nil
    else { return }
    draft.messages.append(
      .warning(
        "the matrix before the classifier is missing, as in files of llama.cpp's converter: transformers would initialize it "
          + "at random"))
  }

  /// The generic names of labels for a head whose configuration names none; nil if names are not needed.
  private static func statedLabels(_ draft: PlanDraft) -> [String]? {
    guard let head = draft.model.canonicalLayout(TensorSlot(.classifierOutput)),
      draft.model.definition.hyperparameter("output_labels") != nil,
      draft.model.hyperparameters.list("output_labels") == nil
    else { return nil }
    return (0..<head.logicalRowCount).map { "LABEL_\($0)" }
  }

  /// Leaves out what the converter leaves out. Without it and without labels, the matrix that scores the labels has the
  /// name of the one before it.
  private static func leaveOut(
    _ tensors: [DraftTensor], from draft: inout PlanDraft, hasLabels: Bool, _ first: DraftTensor
  ) {
    let names = Set(tensors.map(\.name))
    draft.tensors.removeAll { names.contains($0.name) }
    for tensor in tensors {
      let name = tensor.sources.first?.descriptor.name ?? tensor.name
      draft.dropped.append((name, "llama.cpp's converter leaves it out"))
    }
    guard !hasLabels else { return }
    for index in draft.tensors.indices {
      guard let dense = draft.tensors[index].purpose.roles.first.flatMap(denseRole),
        let other = tensors.first(where: { $0.purpose.roles == [dense] })
      else { continue }
      draft.tensors[index].name = other.name
    }
  }

  private static func denseRole(_ role: TensorRole) -> TensorRole? {
    switch role {
    case .classifierOutput: .classifierDense
    case TensorRole.classifierOutput.bias: TensorRole.classifierDense.bias
    default: nil
    }
  }
}
