import Bytes

extension Model {
  /// Returns the model whose weights are those of this weight delta added to those of `base`.
  ///
  /// Canonical tensors are matched by their slots, so containers, naming schemes and layouts may differ. Rows of an extended
  /// vocabulary need not be in the base.
  ///
  /// - Throws: `ProblemList` with all slots that only one of the two has, or that have other shapes.
  public func adding(base: Model, newRows: DeltaNewRows = .zero) throws -> Model {
    var model = self
    let counterparts = try counterparts(in: base, for: .delta)
    for counterpart in counterparts {
      model.locations[counterpart.slot]?.adaptation.updates.append(
        DeltaUpdate(base: counterpart.reader, newRows: newRows))
    }
    model.checkpoint = checkpoint.adding(base.checkpoint.files)
    model.remarks.append("weights of \(base.checkpoint.path.escapedForDisplay) are added to a weight delta")
    for counterpart in counterparts where counterpart.missingRowCount > 0 {
      let (name, count) = (counterpart.name, counterpart.missingRowCount)
      model.warnings.append(
        "\(counted(count, "row")) of \(name.text.quoted) \(count == 1 ? "is" : "are") not in the base: "
          + (newRows == .zero
            ? "taken from the delta alone (--new-rows mean adds the mean of the base's rows)"
            : "the mean of the base's rows is added"))
    }
    return model
  }
}
