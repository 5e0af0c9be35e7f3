/// The source of a tensor's values.
public enum TensorContents: Sendable {
  /// One byte range in one storage format: it can be copied, shared and compared as bytes.
  case bytes(DeclaredFormat, ByteRange)
  /// Several stored tensors that together encode one.
  case composed(any TensorComposition)
}

/// Consecutive bytes in one file of a checkpoint.
public struct ByteRange: Hashable, Sendable {
  /// The index of the file in the checkpoint.
  public let fileIndex: Int
  /// The offset of the first byte in that file.
  public let offset: Int
  public let byteCount: Int

  public init(fileIndex: Int, offset: Int, byteCount: Int) {
    self.fileIndex = fileIndex
    self.offset = offset
    self.byteCount = byteCount
  }
}

extension TensorContents: Hashable {
  public static func == (one: TensorContents, other: TensorContents) -> Bool {
    switch (one, other) {
    case (.bytes(let format, let range), .bytes(let otherFormat, let otherRange)):
      format == otherFormat && range == otherRange
    case (.composed(let composition), .composed(let other)): AnyHashable(composition) == AnyHashable(other)
    default: false
    }
  }

  public func hash(into hasher: inout Hasher) {
    switch self {
    case .bytes(let format, let range):
      hasher.combine(format)
      hasher.combine(range)
    case .composed(let composition): composition.hash(into: &hasher)
    }
  }
}
