import Architectures
import Bytes
import Models
import Tensors

/// Matches the tensors of two checkpoints, and reports those that are left out.
struct TensorMatcher {
  private(set) var pairs: [TensorPair] = []
  private(set) var findings: [Finding] = []

  /// Matches the tensors of two models by slot, or of two checkpoints by name if one is not understood.
  init(reference: DiffSide, candidate: DiffSide) {
    if let first = reference.model, let second = candidate.model {
      match(first, second)
    } else {
      for side in [reference, candidate] {
        guard let reason = side.reason else { continue }
        findings.append(
          Finding(
            .note, "diff.by-name", .checkpoint(side.path),
            "tensors are compared by name, hyperparameters and tokenizers are not: \(reason)"))
      }
      match(
        reference.checkpoint, reference.checkpoint.tensors[...], candidate.checkpoint,
        candidate.checkpoint.tensors[...])
    }
  }

  private mutating func match(_ first: Model, _ second: Model) {
    for slot in first.slots {
      if noteUnused(slot, of: first, in: second) { continue }
      let tied = second.location(slot) == nil ? second.tied(slot) : nil
      if let tied { noteTied(slot, tied, in: second) }
      pairs.append(
        padded(slot, first, second)
          ?? TensorPair(
            .slot(slot), reference: .init(first, slot), candidate: .init(second, tied ?? slot), isTied: tied != nil))
    }
    for slot in second.slots where first.location(slot) == nil {
      if noteUnused(slot, of: second, in: first) { continue }
      let tied = first.tied(slot)
      if let tied { noteTied(slot, tied, in: first) }
      pairs.append(
        TensorPair(
          .slot(slot), reference: tied.flatMap { .init(first, $0) }, candidate: .init(second, slot),
          isTied: tied != nil))
    }
    matchDerived(first, second)
    matchOthers(first, second)
  }

  /// Reports rows that nothing reads and `other` does not have.
  private mutating func noteUnused(_ slot: TensorSlot, of model: Model, in other: Model) -> Bool {
    guard other.location(slot) == nil, let reason = model.definition.rule(slot.role)?.unusedReason else { return false }
    findings.append(
      Finding(.note, "diff.left-out", .slot(slot), "is on one side only and not compared: \(reason)"))
    return true
  }

  /// Matches tensors without a role by name, so that they count. A tensor that carries nothing for the architecture may
  /// be missing on one side.
  private mutating func matchOthers(_ first: Model, _ second: Model) {
    let names = Set(first.others.map(\.name)), otherNames = Set(second.others.map(\.name))
    // Another safetensors checkpoint could have every tensor; a GGUF could not.
    let canHaveAll = first.facts.ggufMetadata == nil && second.facts.ggufMetadata == nil
    let others = [(first, otherNames), (second, names)].map { model, present in
      let left = model.dropped.filter { !present.contains($0.tensor.name) }
      noteLeftOut(left, of: model, canHaveAll: canHaveAll)
      let leftNames = Set(left.map(\.tensor.name))
      return model.others.filter { !leftNames.contains($0.name) }
    }
    match(first.checkpoint, others[0][...], second.checkpoint, others[1][...])
  }

  /// Reports tensors that only `model` has, which the other could have too if it `canHaveAll`.
  private mutating func noteLeftOut(
    _ tensors: [(tensor: TensorDescriptor, reason: String)], of model: Model, canHaveAll: Bool
  ) {
    let lossy = Set(model.definition.dropped.filter { $0.copyOf == nil }.map(\.reason))
    var groups: [(reason: String, tensors: [TensorDescriptor])] = []
    for (tensor, reason) in tensors {
      if let index = groups.firstIndex(where: { $0.reason == reason }) {
        groups[index].tensors.append(tensor)
      } else {
        groups.append((reason, [tensor]))
      }
    }
    for (reason, tensors) in groups {
      let severity: Finding.Severity = canHaveAll && lossy.contains(reason) ? .warning : .note
      let isGrouped = tensors.count > Self.namedCount
      for tensor in isGrouped ? tensors.prefix(1) : tensors[...] {
        let more = isGrouped ? " (so are \((tensors.count - 1).grouped) others)" : ""
        findings.append(
          Finding(
            severity, "diff.left-out", model.subject(tensor), "is on this side only and not compared\(more): \(reason)")
        )
      }
    }
  }

  /// Tensors that are left out for one reason are named up to this many.
  private static let namedCount = 5

  /// The whole embeddings, if both have as many padding rows; nil if they do not.
  private func padded(_ slot: TensorSlot, _ first: Model, _ second: Model) -> TensorPair? {
    guard let one = first.paddedTensor(slot), let other = second.paddedTensor(slot), one.shape == other.shape else {
      return nil
    }
    return TensorPair(
      .slot(slot), reference: .init(first.checkpoint, one), candidate: .init(second.checkpoint, other))
  }

  /// Compares tensors that follow from the hyperparameters if both models have them; otherwise the hyperparameters are
  /// compared alone.
  private mutating func matchDerived(_ first: Model, _ second: Model) {
    let others = Dictionary(second.derived.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let names = Set(first.derived.map(\.name))
    for tensor in first.derived {
      if let other = others[tensor.name] {
        pairs.append(
          TensorPair(
            .name(tensor.name), reference: .init(first.checkpoint, tensor), candidate: .init(second.checkpoint, other)))
      } else {
        noteDerived(tensor, first)
      }
    }
    for tensor in second.derived where !names.contains(tensor.name) { noteDerived(tensor, second) }
  }

  private mutating func noteDerived(_ tensor: TensorDescriptor, _ model: Model) {
    findings.append(
      Finding(
        .note, "diff.left-out", model.subject(tensor),
        "follows from the hyperparameters, which are compared instead"))
  }

  private mutating func noteTied(_ slot: TensorSlot, _ tied: TensorSlot, in model: Model) {
    let name = model.tensor(tied)?.descriptor.name.text ?? ""
    findings.append(
      Finding(
        .note, "diff.tied", .slot(slot),
        "is tied in \(model.checkpoint.path.escapedForDisplay): \(name.quoted) is compared instead"))
  }

  /// Matches tensors with the same name.
  private mutating func match(
    _ first: Checkpoint, _ tensors: ArraySlice<TensorDescriptor>, _ second: Checkpoint,
    _ others: ArraySlice<TensorDescriptor>
  ) {
    let otherByName = Dictionary(others.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let names = Set(tensors.map(\.name))
    for tensor in tensors {
      pairs.append(
        TensorPair(
          .name(tensor.name), reference: .init(first, tensor),
          candidate: otherByName[tensor.name].map { .init(second, $0) }))
    }
    for tensor in others where !names.contains(tensor.name) {
      pairs.append(TensorPair(.name(tensor.name), reference: nil, candidate: .init(second, tensor)))
    }
  }
}

extension TensorPair.Side {
  /// The canonical tensor in `slot`; nil if the model does not have it.
  init?(_ model: Model, _ slot: TensorSlot) {
    guard let stored = model.tensor(slot) else { return nil }
    let reader = try? model.canonicalReader(slot)
    let isChanged = model.isAdapted(slot)
    let holdsOne = stored.layout.components.count == 1 && stored.layout.instanceCount == nil
    let shape = reader?.layout.shape ?? stored.descriptor.shape
    self.init(
      checkpoint: model.checkpoint,
      descriptor: shape == stored.descriptor.shape && !isChanged
        ? stored.descriptor
        : stored.descriptor.holding(shape, isChanged ? .known(.f32) : stored.descriptor.declaredFormat),
      alone: holdsOne && !isChanged ? stored : nil, reader: reader)
  }

  init(_ checkpoint: Checkpoint, _ tensor: TensorDescriptor) {
    self.init(checkpoint: checkpoint, descriptor: tensor, alone: nil, reader: nil)
  }
}

extension TensorDescriptor {
  /// The descriptor of a component of this shape, or of the values that are computed from the tensor.
  fileprivate func holding(_ shape: Shape, _ format: DeclaredFormat) -> TensorDescriptor {
    guard composition == nil else { return shaped(shape) }
    return TensorDescriptor(
      name: name, declaredFormat: format, shape: shape, fileIndex: fileIndex, fileOffset: fileOffset,
      byteCount: format.format?.byteCount(elementCount: shape.elementCount) ?? byteCount)
  }
}

extension Model {
  /// The slot whose values the absent tensor in `slot` has, if the model ties it.
  fileprivate func tied(_ slot: TensorSlot) -> TensorSlot? {
    guard hyperparameters.flag("ties_embeddings"), let role = definition.rule(slot.role)?.tiedTo else { return nil }
    let other = TensorSlot(role, layer: slot.layer)
    return location(other) == nil ? nil : other
  }

  /// The stored tensor in `slot`, if it has padding rows and nothing changes its values.
  fileprivate func paddedTensor(_ slot: TensorSlot) -> TensorDescriptor? {
    guard !padding.isEmpty, !isAdapted(slot), let stored = tensor(slot)?.descriptor else { return nil }
    return padding.contains { $0.tensor == stored.name } ? stored : nil
  }

  fileprivate func subject(_ tensor: TensorDescriptor) -> Finding.Subject {
    .tensorOf(checkpoint: checkpoint.path, tensor.name)
  }
}
