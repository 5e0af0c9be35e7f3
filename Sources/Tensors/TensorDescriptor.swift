import Bytes

/// A tensor's name, compared by bytes.
public typealias TensorName = ExactString

/// The dimensions of a tensor, slowest-varying first as in PyTorch and safetensors (`[out, in]` for a linear layer).
///
/// GGUF stores them in reverse order; its reader and writer reverse them.
public struct Shape: Hashable, Sendable, CustomStringConvertible, ExpressibleByArrayLiteral {
  public let dimensions: [Int]
  /// The product of the dimensions; 1 for a scalar.
  public let elementCount: Int

  /// Creates a shape, or nil if a dimension is negative or the product overflows.
  public init?(_ dimensions: [Int]) {
    var product = 1
    for dimension in dimensions {
      let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
      guard dimension >= 0, !overflow else { return nil }
      product = next
    }
    self.dimensions = dimensions
    elementCount = product
  }

  /// Creates a shape from a literal.
  public init(arrayLiteral dimensions: Int...) {
    self.dimensions = dimensions
    elementCount = dimensions.reduce(1, *)
  }

  /// The number of dimensions; 0 for a scalar.
  public var rank: Int { dimensions.count }
  /// The elements of a row: the last dimension; 1 for a scalar.
  public var rowElementCount: Int { dimensions.last ?? 1 }
  /// The number of rows; 1 for a vector or a scalar.
  public var rowCount: Int { dimensions.dropLast().reduce(1, *) }

  /// Returns the shape without leading dimensions of 1, which llama.cpp omits in a GGUF; one dimension is kept.
  public func droppingLeadingOnes() -> Shape {
    let kept = dimensions.drop { $0 == 1 }
    return Shape(kept.isEmpty ? Array(dimensions.suffix(1)) : Array(kept)) ?? self
  }

  public var description: String {
    dimensions.isEmpty ? "scalar" : dimensions.map(String.init).joined(separator: " × ")
  }
}

/// The facts about a tensor of a checkpoint, without its values.
public struct TensorDescriptor: Hashable, Sendable {
  public let name: TensorName
  /// The dimensions, slowest-varying first.
  public let shape: Shape
  public let contents: TensorContents

  public init(name: TensorName, shape: Shape, contents: TensorContents) {
    self.name = name
    self.shape = shape
    self.contents = contents
  }

  /// A tensor stored as one byte range; `byteCount` is 0 if the format is unknown.
  public init(
    name: TensorName, declaredFormat: DeclaredFormat, shape: Shape, fileIndex: Int, fileOffset: Int, byteCount: Int
  ) {
    let range = ByteRange(fileIndex: fileIndex, offset: fileOffset, byteCount: byteCount)
    self.init(name: name, shape: shape, contents: .bytes(declaredFormat, range))
  }

  /// The declared storage format; for a composition the format that can hold its values.
  public var declaredFormat: DeclaredFormat {
    switch contents {
    case .bytes(let format, _): format
    case .composed(let composition): .known(composition.valueFormat)
    }
  }
  /// The storage format if it is known.
  public var format: StorageFormat? { declaredFormat.format }
  /// The composition of a tensor that is not stored as one byte range.
  public var composition: (any TensorComposition)? {
    if case .composed(let composition) = contents { composition } else { nil }
  }
  /// The encoding in words: the storage format, or the composition's description.
  public var encoding: String { composition?.description ?? declaredFormat.description }
  /// The stored tensors with its values: itself, or those of the composition.
  public var sources: [TensorDescriptor] { composition?.sources ?? [self] }

  /// The bytes of the tensor; nil for a composition.
  public var byteRange: ByteRange? { if case .bytes(_, let range) = contents { range } else { nil } }
  /// The first bytes of its first source.
  private var firstRange: ByteRange? { byteRange ?? composition?.sources.first?.byteRange }
  /// The index of the file with its first source.
  public var fileIndex: Int { firstRange?.fileIndex ?? 0 }
  /// The offset of its first source in that file.
  public var fileOffset: Int { firstRange?.offset ?? 0 }
  /// The bytes of all sources.
  public var byteCount: Int { byteRange?.byteCount ?? sources.reduce(0) { $0 &+ $1.byteCount } }

  /// The same values with other dimensions, of as many elements.
  public func shaped(_ shape: Shape) -> TensorDescriptor {
    TensorDescriptor(name: name, shape: shape, contents: contents)
  }

  /// A stored tensor as a member of a set, in which its file has another index and it may have another name.
  public func inFile(_ index: Int, named name: TensorName? = nil) -> TensorDescriptor {
    guard case .bytes(let format, let range) = contents else { return self }
    let moved = ByteRange(fileIndex: index, offset: range.offset, byteCount: range.byteCount)
    return TensorDescriptor(name: name ?? self.name, shape: shape, contents: .bytes(format, moved))
  }
}
