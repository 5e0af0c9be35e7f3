import Architectures
import Bytes
import Models
import Tensors

/// A tensor to which a constant is added, and whose values do not all come back when it is taken away.
public struct RoundedTensor: Sendable {
  /// Its name in the output.
  public let name: TensorName
  /// What is lost.
  public let rounding: RoundTripError

  /// The line of the tensor in a plan and in a receipt.
  var json: JSON {
    .members([
      "name": .string(name.text), "values": .integer(rounding.valueCount), "changed": .integer(rounding.changedCount),
      "max_abs": .real(Double(rounding.maximumAbsoluteError)),
    ])
  }
}

extension Planner {
  /// Says where the values of the source tell another dialect than its names.
  mutating func noteDialect() {
    for finding in model.appliedTransforms.findings where finding.isSurprising {
      let words = finding.words(scheme: model.scheme.name)
      guard finding.source == .values else {
        remarks.append(.note(words))
        continue
      }
      let other = "--has-transform \(finding.transform.rawValue)=\(finding.isDeclared ? "yes" : "no")"
      if mapsByNameOnly {
        remarks.append(.warning("\(words); they are kept so, since a GGUF is quantized as it is (convert mends it)"))
      } else {
        remarks.append(.warning("\(words); they are read so (pass \(other) if that is wrong)"))
      }
    }
  }

  /// Says where tensors that the model ties to each other are both stored.
  mutating func noteTiedTensors() throws {
    for twin in model.twins {
      let (name, original) = (twin.tensor.name.text.quoted, twin.original.name.text.quoted)
      let areEqual = try model.checkpoint.haveEqualValues(twin.tensor, twin.original)
      switch (areEqual, twin.isDropped) {
      case (true, true): continue
      case (true, false):
        remarks.append(
          .note("\(name) is stored although it equals \(original), to which the model ties it; both are kept"))
      case (false, true):
        remarks.append(
          .warning("\(name) is left out although it differs from \(original), to which the model ties it"))
      case (false, false):
        remarks.append(
          .warning(
            "\(name) differs from \(original), to which the model ties it; both are kept, so programs may use either"))
      }
    }
  }

  /// The tensors whose values do not come back from what is added to them, and a remark about them.
  mutating func roundedTensors(_ tensors: [PlannedTensor]) throws -> [RoundedTensor] {
    var rounded: [RoundedTensor] = []
    for tensor in tensors {
      guard case .rows(let reader) = tensor.source, let rounding = try reader.sumRounding(), rounding.changedCount > 0
      else { continue }
      rounded.append(RoundedTensor(name: tensor.name, rounding: rounding))
    }
    guard !rounded.isEmpty else { return [] }
    let changed = rounded.reduce(0) { $0 + $1.rounding.changedCount }
    let values = rounded.reduce(0) { $0 + $1.rounding.valueCount }
    let greatest = rounded.map(\.rounding.maximumAbsoluteError).max() ?? 0
    let names = rounded.prefix(Self.namedCount).map(\.name.text.quoted).joined(separator: ", ")
    let more = rounded.count > Self.namedCount ? " and \((rounded.count - Self.namedCount).grouped) more" : ""
    remarks.append(
      .warning(
        "adding or taking away 1 rounds: \(changed.grouped) of \(counted(values, "value")) in "
          + "\(counted(rounded.count, "tensor")) do not come back exactly, by \(Double(greatest).scientific) at most "
          + "(\(names)\(more))"))
    return rounded
  }

  /// Tensors beyond this many are only counted.
  private static let namedCount = 3
}
