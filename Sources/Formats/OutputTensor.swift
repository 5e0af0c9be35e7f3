import Bytes
import Tensors

/// A tensor that is to be written: its name, storage format and shape.
public struct OutputTensor: Hashable, Sendable {
  /// The name it gets in the file.
  public let name: TensorName
  /// How its bytes encode values.
  public let format: StorageFormat
  /// Its extents, slowest-varying first.
  public let shape: Shape

  /// Declares a tensor.
  public init(name: TensorName, format: StorageFormat, shape: Shape) {
    self.name = name
    self.format = format
    self.shape = shape
  }

  /// The bytes it takes; nil if its rows do not fill whole blocks or the product overflows.
  public var byteCount: Int? {
    guard !format.isQuantized || shape.rowElementCount % format.elementsPerBlock == 0 else { return nil }
    return format.byteCount(elementCount: shape.elementCount)
  }
}
