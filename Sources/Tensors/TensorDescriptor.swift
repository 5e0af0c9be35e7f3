import Bytes

/// A tensor's name, compared by bytes.
public typealias TensorName = ExactString

/// The extents of a tensor, slowest-varying first as in PyTorch and safetensors (`[out, in]` for a linear layer).
///
/// GGUF stores them the other way round; its reader and writer turn them.
public struct Shape: Hashable, Sendable, CustomStringConvertible, ExpressibleByArrayLiteral {
  /// The extents.
  public let dimensions: [Int]
  /// The product of the extents; 1 for a scalar.
  public let elementCount: Int

  /// A shape, or nil if an extent is negative or the product does not fit.
  public init?(_ dimensions: [Int]) {
    var product = 1
    for extent in dimensions {
      let (next, overflow) = product.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflow else { return nil }
      product = next
    }
    self.dimensions = dimensions
    elementCount = product
  }

  /// A shape known to the programmer.
  public init(arrayLiteral dimensions: Int...) {
    self.dimensions = dimensions
    elementCount = dimensions.reduce(1, *)
  }

  /// The number of extents; 0 for a scalar.
  public var rank: Int { dimensions.count }
  /// The elements of a row, the extent that varies fastest; 1 for a scalar.
  public var rowElementCount: Int { dimensions.last ?? 1 }
  /// The number of rows; 1 for a vector or a scalar.
  public var rowCount: Int { dimensions.dropLast().reduce(1, *) }

  /// The same elements without extents of 1 in front, which llama.cpp's programs leave out of a GGUF; one is kept.
  public func droppingLeadingOnes() -> Shape {
    let kept = dimensions.drop { $0 == 1 }
    return Shape(kept.isEmpty ? Array(dimensions.suffix(1)) : Array(kept)) ?? self
  }

  public var description: String {
    dimensions.isEmpty ? "scalar" : dimensions.map(String.init).joined(separator: " × ")
  }
}

/// The facts about a tensor in a file, without its bytes.
public struct TensorDescriptor: Hashable, Sendable {
  /// The name in the file.
  public let name: TensorName
  /// How its bytes encode numbers, as the file states it.
  public let declaredFormat: DeclaredFormat
  /// Its extents, slowest-varying first.
  public let shape: Shape
  /// Which file of the set holds it.
  public let fileIndex: Int
  /// Where its bytes begin in that file.
  public let fileOffset: Int
  /// How many bytes it has; 0 when the format is unknown.
  public let byteCount: Int

  /// Collects the facts.
  public init(
    name: TensorName, declaredFormat: DeclaredFormat, shape: Shape, fileIndex: Int, fileOffset: Int, byteCount: Int
  ) {
    self.name = name
    self.declaredFormat = declaredFormat
    self.shape = shape
    self.fileIndex = fileIndex
    self.fileOffset = fileOffset
    self.byteCount = byteCount
  }

  /// The storage format if it is known.
  public var format: StorageFormat? { declaredFormat.format }

  /// The same bytes with other extents, which must be of as many elements.
  public func shaped(_ shape: Shape) -> TensorDescriptor {
    TensorDescriptor(
      name: name, declaredFormat: declaredFormat, shape: shape, fileIndex: fileIndex, fileOffset: fileOffset,
      byteCount: byteCount)
  }

  /// The same tensor as a member of a set, in which its file has another index and it may have another name.
  public func inFile(_ index: Int, named name: TensorName? = nil) -> TensorDescriptor {
    TensorDescriptor(
      name: name ?? self.name, declaredFormat: declaredFormat, shape: shape, fileIndex: index, fileOffset: fileOffset,
      byteCount: byteCount)
  }
}
