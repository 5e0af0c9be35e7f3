import Architectures
import Bytes
import Tensors

extension Model {
  /// Returns the model whose weights are those of this weight delta added to those of `base`.
  ///
  /// Canonical tensors are matched by their slots, so containers, naming schemes and layouts may differ. Rows of an extended
  /// vocabulary need not be in the base.
  ///
  /// - Throws: `ProblemList` with all slots that only one of the two has, or that have other shapes.
  public func adding(base: Model, newRows: DeltaNewRows = .zero) throws -> Model {
    guard base.definition.name == definition.name else {
      throw LocatedError(
        path: base.checkpoint.path, reason: DeltaError.architecture(delta: definition.name, base: base.definition.name))
    }
    for model in [self, base] where !model.problems.isEmpty {
      throw ProblemList(model.problems.map { LocatedError(path: model.checkpoint.path, reason: $0) })
    }
    var model = self, problems: [DeltaError] = [], added: [(name: TensorName, count: Int)] = []
    for slot in slots {
      guard let stored = tensor(slot), let location = location(slot) else { continue }
      guard let source = base.slotWithValues(of: slot), let layout = base.canonicalLayout(source) else {
        problems.append(.missingInBase(stored.descriptor.name, slot))
        continue
      }
      let rowCount = stored.layout.components[location.component].rowCount, columnCount = stored.layout.columnCount
      let missingRowCount = rowCount - layout.logicalRowCount
      let mayLackRows = definition.rule(slot.role)?.shape.first?.description == Self.vocabularySize
      guard layout.columnCount == columnCount, missingRowCount == 0 || missingRowCount > 0 && mayLackRows
      else {
        let name = base.tensor(source)?.descriptor.name ?? stored.descriptor.name
        problems.append(
          .shape(name, delta: Shape([rowCount, columnCount]) ?? stored.layout.shape, base: layout.shape))
        continue
      }
      if missingRowCount > 0 {
        added.append((stored.descriptor.name, missingRowCount))
      }
      model.locations[slot]?.adaptation.updates.append(
        DeltaUpdate(base: try base.canonicalReader(source), newRows: newRows))
    }
    for slot in base.slots where self.location(slot) == nil && !isTied(slot) {
      problems.append(.missingInDelta(base.tensor(slot)?.descriptor.name ?? TensorName("\(slot)"), slot))
    }
    guard problems.isEmpty else {
      throw ProblemList(problems.map { LocatedError(path: base.checkpoint.path, reason: $0) })
    }
    model.checkpoint = checkpoint.adding(base.checkpoint.files)
    model.remarks.append("weights of \(base.checkpoint.path.escapedForDisplay) are added to a weight delta")
    for (name, count) in added {
      model.warnings.append(
        "\(counted(count, "row")) of \(name.text.quoted) \(count == 1 ? "is" : "are") not in the base: "
          + (newRows == .zero
            ? "taken from the delta alone (--new-rows mean adds the mean of the base's rows)"
            : "the mean of the base's rows is added"))
    }
    return model
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
  fileprivate func adding(_ more: [any ByteSource]) -> Checkpoint {
    Checkpoint(
      container: container, path: path, files: files + more, metadata: metadata, tensors: tensors, stored: stored,
      unused: unused, containerFacts: containerFacts, remarks: remarks, fileDigests: fileDigests)
  }
}
