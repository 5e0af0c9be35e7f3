import Architectures
import Bytes
import Models
import Tensors

/// Which tensors of two checkpoints belong together, and what is left out with a reason.
struct TensorMatcher {
  private(set) var pairs: [TensorPair] = []
  private(set) var findings: [Finding] = []

  /// Pairs the tensors of two models by role and layer, or of two checkpoints by name if one is not understood.
  init(reference: DiffSide, candidate: DiffSide) {
    if let first = reference.model, let second = candidate.model {
      pair(first, second)
    } else {
      for subject in [reference, candidate] {
        guard let reason = subject.reason else { continue }
        findings.append(Finding(.note, "diff.by-name", place: subject.path, "tensors are compared by name: \(reason)"))
      }
      pair(
        reference.checkpoint, reference.checkpoint.tensors[...], candidate.checkpoint,
        candidate.checkpoint.tensors[...])
    }
  }

  private mutating func pair(_ first: Model, _ second: Model) {
    for place in first.slots {
      let side = TensorPair.Side(first, place)
      if second.location(place) != nil {
        pairs.append(TensorPair(place: "\(place)", reference: side, candidate: .init(second, place)))
      } else if let tied = second.tied(place) {
        noteTied(place, tied, in: second)
        pairs.append(
          TensorPair(place: "\(place)", reference: side, candidate: .init(second, tied), isTied: true))
      } else {
        pairs.append(TensorPair(place: "\(place)", reference: side, candidate: nil))
      }
    }
    for place in second.slots where first.location(place) == nil {
      let tied = first.tied(place)
      if let tied { noteTied(place, tied, in: first) }
      pairs.append(
        TensorPair(
          place: "\(place)", reference: tied.map { .init(first, $0) } ?? nil, candidate: .init(second, place),
          isTied: tied != nil))
    }
    pairDerived(first, second)
    for model in [first, second] {
      for (tensor, reason) in model.dropped {
        findings.append(
          Finding(.note, "diff.left-out", place: model.place(tensor), "is not compared: \(reason)"))
      }
    }
    // What has no role is compared by name, so that it counts.
    pair(first.checkpoint, first.unmapped[...], second.checkpoint, second.unmapped[...])
  }

  /// Tensors that follow from the parameters: compared where both have them, otherwise the parameters speak for them.
  private mutating func pairDerived(_ first: Model, _ second: Model) {
    let others = Dictionary(second.derived.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let names = Set(first.derived.map(\.name))
    for tensor in first.derived {
      if let other = others[tensor.name] {
        pairs.append(
          TensorPair(
            place: tensor.name.text, reference: .init(first.checkpoint, tensor),
            candidate: .init(second.checkpoint, other)))
      } else {
        noteDerived(tensor, first)
      }
    }
    for tensor in second.derived where !names.contains(tensor.name) { noteDerived(tensor, second) }
  }

  private mutating func noteDerived(_ tensor: TensorDescriptor, _ model: Model) {
    findings.append(
      Finding(
        .note, "diff.left-out", place: model.place(tensor),
        "follows from the parameters, which are compared instead"))
  }

  private mutating func noteTied(_ place: TensorSlot, _ tied: TensorSlot, in model: Model) {
    let name = model.tensor(tied)?.descriptor.name.text ?? ""
    findings.append(
      Finding(
        .note, "diff.tied", place: "\(place)",
        "is tied in \(model.checkpoint.path.escapedForDisplay): \(name.quoted) is compared in its place"
      ))
  }

  /// Pairs what has the same name.
  private mutating func pair(
    _ first: Checkpoint, _ tensors: ArraySlice<TensorDescriptor>, _ second: Checkpoint,
    _ others: ArraySlice<TensorDescriptor>
  ) {
    let otherByName = Dictionary(others.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let names = Set(tensors.map(\.name))
    for tensor in tensors {
      pairs.append(
        TensorPair(
          place: tensor.name.text, reference: .init(first, tensor),
          candidate: otherByName[tensor.name].map { .init(second, $0) }))
    }
    for tensor in others where !names.contains(tensor.name) {
      pairs.append(TensorPair(place: tensor.name.text, reference: nil, candidate: .init(second, tensor)))
    }
  }
}

extension TensorPair.Side {
  /// The canonical tensor at `place`; nil if the model does not have it.
  init?(_ model: Model, _ place: TensorSlot) {
    guard let stored = model.tensor(place) else { return nil }
    let reader = try? model.canonicalReader(place)
    let isChanged = model.isAdapted(place)
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
  /// The facts about the part of a tensor that has this shape, or about the numbers that are made of it.
  fileprivate func holding(_ shape: Shape, _ format: DeclaredFormat) -> TensorDescriptor {
    TensorDescriptor(
      name: name, declaredFormat: format, shape: shape, fileIndex: fileIndex, fileOffset: fileOffset,
      byteCount: format.format?.byteCount(elementCount: shape.elementCount) ?? byteCount)
  }
}

extension Model {
  /// The place whose values the absent tensor at `place` has, if the model says that it is tied.
  fileprivate func tied(_ place: TensorSlot) -> TensorSlot? {
    guard parameters.flag("ties_embeddings"), let role = definition.rule(place.role)?.tiedTo else { return nil }
    let other = TensorSlot(role, layer: place.layer)
    return location(other) == nil ? nil : other
  }

  /// Tensors that have no role, or whose layout does not fit.
  fileprivate var unmapped: [TensorDescriptor] {
    var known = Set(tensors.map(\.descriptor.name))
    known.formUnion(derived.map(\.name))
    known.formUnion(dropped.map(\.tensor.name))
    return checkpoint.tensors.filter { !known.contains($0.name) }
  }

  fileprivate func place(_ tensor: TensorDescriptor) -> String { "\(checkpoint.path): \(tensor.name.text)" }
}
