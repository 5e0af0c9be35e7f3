import Architectures
import Bytes
import Tensors

/// A canonical tensor of a model, and the one of another model with the same slot.
struct TensorCounterpart {
  let slot: TensorSlot
  /// The name of the stored tensor.
  let name: TensorName
  /// Reads the other model's tensor in the canonical layout.
  let reader: RowReader
  /// The rows that the other model lacks, at the end.
  let missingRowCount: Int
}

extension Model {
  /// The tensors of another model by the slots of this one, so that containers, naming schemes and layouts may differ.
  ///
  /// - Throws: `ProblemList` with all slots that only one of the two has, or that have other shapes. Rows of an extended
  ///   vocabulary may be missing in the base of a weight delta.
  func counterparts(in other: Model, for purpose: PairingPurpose) throws -> [TensorCounterpart] {
    func failure(_ error: PairingError) -> LocatedError { LocatedError(path: other.checkpoint.path, reason: error) }
    guard other.definition.name == definition.name else {
      throw failure(.architecture(purpose, own: definition.name, other: other.definition.name))
    }
    for model in [self, other] where !model.problems.isEmpty {
      throw ProblemList(model.problems.map { LocatedError(path: model.checkpoint.path, reason: $0) })
    }
    var counterparts: [TensorCounterpart] = [], problems: [PairingError] = []
    for slot in slots {
      guard let stored = tensor(slot), let location = location(slot) else { continue }
      guard let source = other.slotWithValues(of: slot), let layout = other.canonicalLayout(source) else {
        problems.append(.missingInOther(purpose, stored.descriptor.name, slot))
        continue
      }
      let rowCount = stored.layout.components[location.component].rowCount, columnCount = stored.layout.columnCount
      let missingRowCount = rowCount - layout.logicalRowCount
      let mayLackRows =
        purpose == .delta && definition.rule(slot.role)?.shape.first?.description == Self.vocabularySize
      guard layout.columnCount == columnCount, missingRowCount == 0 || missingRowCount > 0 && mayLackRows else {
        let name = other.tensor(source)?.descriptor.name ?? stored.descriptor.name
        problems.append(
          .shape(purpose, name, own: Shape([rowCount, columnCount]) ?? stored.layout.shape, other: layout.shape))
        continue
      }
      counterparts.append(
        TensorCounterpart(
          slot: slot, name: stored.descriptor.name, reader: try other.canonicalReader(source),
          missingRowCount: missingRowCount))
    }
    for slot in other.slots where location(slot) == nil && !isTied(slot) {
      problems.append(.missingHere(purpose, other.tensor(slot)?.descriptor.name ?? TensorName("\(slot)"), slot))
    }
    guard problems.isEmpty else { throw ProblemList(problems.map(failure)) }
    return counterparts
  }

  /// The dimension that added tokens extend.
  private static let vocabularySize = "vocabulary_size"

  /// The slot with the values of `slot`: itself, or the tensor that the model ties it to.
  private func slotWithValues(of slot: TensorSlot) -> TensorSlot? {
    if location(slot) != nil { return slot }
    guard isTied(slot), let role = definition.rule(slot.role)?.tiedTo else { return nil }
    let original = TensorSlot(role)
    return location(original) == nil ? nil : original
  }

  /// Whether the model ties the tensor at `slot` to another one.
  private func isTied(_ slot: TensorSlot) -> Bool {
    hyperparameters.flag("ties_embeddings") && definition.rule(slot.role)?.tiedTo != nil
  }
}

extension Checkpoint {
  /// The same checkpoint with further files after its own.
  func adding(_ more: [any ByteSource]) -> Checkpoint {
    Checkpoint(
      container: container, path: path, files: files + more, metadata: metadata, tensors: tensors, stored: stored,
      unused: unused, containerFacts: containerFacts, remarks: remarks, fileDigests: fileDigests)
  }
}
