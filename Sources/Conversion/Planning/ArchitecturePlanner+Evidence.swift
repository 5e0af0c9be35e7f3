import Bytes
import Models
import Tensors

extension ArchitecturePlanner {
  func gatherEvidence() throws -> PlanningEvidence { try PlanningEvidence(self) }

  /// Adds a message for each pair of tied tensors that are both stored.
  mutating func noteTiedTensors() {
    guard let areEqual = draft.evidence.tiedPairsAreEqual else { return }
    let decided = OutputMatrix.compared(in: draft)?.output.name
    for (pair, isEqual) in zip(model.tiedPairs, areEqual) {
      let (name, original) = (pair.tensor.name.text.quoted, pair.original.name.text.quoted)
      // `OutputMatrix` decides on one that may be left out.
      guard pair.tensor.name != decided else { continue }
      switch (isEqual, pair.isDropped && !draft.keepsAllTensors) {
      case (true, true): continue
      case (true, false):
        draft.messages.append(
          .note("\(name) is stored although it equals \(original), to which the model ties it; both are kept"))
      case (false, true) where draft.target == .gguf && draft.request.departures == .apply:
        draft.problems.append(
          ConversionError.outputHasNoPlace(
            pair.tensor.name, embedding: pair.original.name, architecture: model.definition.name))
      case (false, true):
        draft.messages.append(
          .warning("\(name) is left out although it differs from \(original), to which the model ties it"))
      case (false, false):
        draft.messages.append(
          .warning(
            "\(name) differs from \(original), to which the model ties it; both are kept, so programs may use either"))
      }
    }
  }

  /// The tensors whose values are changed when a constant is added and subtracted again, with a message about them.
  mutating func roundedTensors() -> [RoundedTensor] {
    let rounded = draft.tensors.compactMap { tensor in
      draft.evidence.rounding[tensor.name].map { RoundedTensor(name: tensor.name, rounding: $0) }
    }
    guard !rounded.isEmpty else { return [] }
    let changed = rounded.reduce(0) { $0 + $1.rounding.changedCount }
    let values = rounded.reduce(0) { $0 + $1.rounding.valueCount }
    let greatest = rounded.map(\.rounding.maximumAbsoluteError).max() ?? 0
    let names = rounded.prefix(Self.namedCount).map(\.name.text.quoted).joined(separator: ", ")
    let more = rounded.count > Self.namedCount ? " and \((rounded.count - Self.namedCount).grouped) more" : ""
    draft.messages.append(
      .warning(
        "\(changed.grouped) of \(counted(values, "value")) in \(counted(rounded.count, "tensor")) change by up to "
          + "\(Double(greatest).scientific) when 1 is added and subtracted again (\(names)\(more))"))
    return rounded
  }

  /// Tensors beyond this many are only counted.
  private static let namedCount = 3
}
