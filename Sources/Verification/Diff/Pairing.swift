import Architectures
import Bytes
import Models
import Tensors

/// Which tensors of two checkpoints belong together, and what is left out with a reason.
struct Pairing {
  private(set) var pairs: [TensorPair] = []
  private(set) var findings: [Finding] = []

  /// Pairs the tensors of two models by role and layer, or of two checkpoints by name if one is not understood.
  init(reference: DiffSubject, candidate: DiffSubject) {
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
    for tensor in first.tensors {
      let side = TensorPair.Side(first, tensor)
      if let other = second.tensor(tensor.place) {
        pairs.append(TensorPair(place: "\(tensor.place)", reference: side, candidate: .init(second, other)))
      } else if let tied = second.tied(tensor.place) {
        noteTied(tensor.place, tied, in: second)
        pairs.append(
          TensorPair(place: "\(tensor.place)", reference: side, candidate: .init(second, tied), isTied: true))
      } else {
        pairs.append(TensorPair(place: "\(tensor.place)", reference: side, candidate: nil))
      }
    }
    for tensor in second.tensors where first.tensor(tensor.place) == nil {
      let side = TensorPair.Side(second, tensor)
      let tied = first.tied(tensor.place)
      if let tied { noteTied(tensor.place, tied, in: first) }
      pairs.append(
        TensorPair(
          place: "\(tensor.place)", reference: tied.map { .init(first, $0) }, candidate: side, isTied: tied != nil))
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

  private mutating func noteTied(_ place: TensorPlace, _ tied: MappedTensor, in model: Model) {
    findings.append(
      Finding(
        .note, "diff.tied", place: "\(place)",
        "is tied in \(model.checkpoint.path.escapedForDisplay): \(tied.descriptor.name.text.quoted) is compared in its place"
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
  init(_ model: Model, _ tensor: MappedTensor) {
    self.init(checkpoint: model.checkpoint, descriptor: tensor.descriptor, transform: tensor.transform)
  }

  init(_ checkpoint: Checkpoint, _ tensor: TensorDescriptor) {
    self.init(checkpoint: checkpoint, descriptor: tensor, transform: .identity)
  }
}

extension Model {
  /// The tensor whose values the absent tensor at `place` has, if the model says that it is tied.
  fileprivate func tied(_ place: TensorPlace) -> MappedTensor? {
    guard parameters.flag("ties_embeddings"), let role = definition.rule(place.role)?.tiedTo else { return nil }
    return tensor(TensorPlace(role, layer: place.layer))
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
