import Bytes
import Tensors

/// A tensor to write: its name, storage format and shape.
public struct OutputTensor: Hashable, Sendable {
  /// The name in the file.
  public let name: TensorName
  /// The encoding of its values.
  public let format: StorageFormat
  /// The dimensions, slowest-varying first.
  public let shape: Shape

  public init(name: TensorName, format: StorageFormat, shape: Shape) {
    self.name = name
    self.format = format
    self.shape = shape
  }

  /// The bytes of the tensor; nil if its rows are not whole blocks or the product overflows.
  public var byteCount: Int? {
    guard !format.isQuantized || shape.rowElementCount % format.elementsPerBlock == 0 else { return nil }
    return format.byteCount(elementCount: shape.elementCount)
  }
}
