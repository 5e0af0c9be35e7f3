import Bytes
import Models
import Tensors

/// A tensor to which a constant is added, and whose values do not all come back when it is taken away.
public struct RoundedTensor: Sendable {
  /// Its name in the output.
  public let name: TensorName
  /// The loss.
  public let rounding: RoundTripError

  /// The line of the tensor in a plan and in a receipt.
  var json: JSON {
    .members([
      "name": .string(name.text), "values": .integer(rounding.valueCount), "changed": .integer(rounding.changedCount),
      "max_abs": .real(Double(rounding.maximumAbsoluteError)),
    ])
  }
}
