import Bytes

/// A tensor that several stored tensors encode together, or that bytes in another order contain.
///
/// Its values are float32. In a checkpoint a composition replaces its source tensors, so that names, layouts and the forward
/// pass see one tensor; reports list the sources.
public protocol TensorComposition: Sendable, Hashable, CustomStringConvertible {
  /// The stored tensors, the one with the codes first. A source can be a composition itself.
  var sources: [TensorDescriptor] { get }
  /// The shape of the values, slowest-varying dimension first.
  var shape: Shape { get }
  /// The encoding as plans and receipts name it: `FP8 E4M3, 128 × 128 blocks`.
  var description: String { get }
  /// The scalar format that can hold every value, as far as headers tell: F32, or that of a view's elements.
  var valueFormat: StorageFormat { get }

  /// Decodes whole rows into the head of `values`, row after row.
  ///
  /// - Parameter reader: reads the source tensors.
  func decode(
    rows: Range<Int>, from reader: any StoredTensorReader, into values: inout MutableSpan<Float>) throws

  /// The formats that may encode exactly the same values, the smallest first; `valueFormat` need not be among them.
  var candidateFormats: [StorageFormat] { get }
  /// Whether `format`, one of the candidates, encodes exactly the same values: codes are taken to be numbers, scales are read.
  func isExact(in format: StorageFormat, from reader: any StoredTensorReader) throws -> Bool
  /// The rows in `format` without decoding them, if headers do not show that it cannot encode the values; nil otherwise.
  func blocks(in format: StorageFormat) -> (any BlockSource)?
  /// The reason why no block format encodes the values: `no block format has FP8 codes`; nil if one may.
  var repackingObstacle: String? { get }
  /// The matrices, of which the model has the transposed ones, as they are stored; nil if rows are stored as rows.
  var transposed: (any TensorComposition)? { get }
}

extension TensorComposition {
  public var valueFormat: StorageFormat { .f32 }
  public var candidateFormats: [StorageFormat] { [] }
  public func isExact(in format: StorageFormat, from reader: any StoredTensorReader) throws -> Bool {
    try blocks(in: format)?.isExact(from: reader) ?? (format == valueFormat)
  }
  public func blocks(in format: StorageFormat) -> (any BlockSource)? { nil }
  public var repackingObstacle: String? { nil }
  public var transposed: (any TensorComposition)? { nil }
}

/// Rows of a composition re-expressed in one storage format.
public protocol BlockSource: Sendable {
  /// Whether the bytes encode exactly the values of the composition, which scales and zero points decide.
  ///
  /// It is asked before a conversion is planned, and reads as little as possible.
  func isExact(from reader: any StoredTensorReader) throws -> Bool
  /// The numbers by which the values of the blocks are to be multiplied: one for all, or one for each matrix of a stack; 0 if
  /// there are none. A GGUF has them in a tensor of their own, `NAME.scale`.
  var factorCount: Int { get }
  /// Reads these numbers.
  func factors(from reader: any StoredTensorReader) throws -> [Float]
  /// Writes whole rows to the head of `bytes`, row after row.
  func read(rows: Range<Int>, from reader: any StoredTensorReader, into bytes: inout MutableSpan<UInt8>) throws
}

extension BlockSource {
  public func isExact(from reader: any StoredTensorReader) throws -> Bool { true }
  public var factorCount: Int { 0 }
  public func factors(from reader: any StoredTensorReader) throws -> [Float] { [] }
}

/// Reads the stored tensors of a checkpoint for a composition.
public protocol StoredTensorReader {
  /// Reads `count` bytes of a stored tensor, from byte `offset` of the tensor.
  func bytes(of tensor: TensorDescriptor, from offset: Int, count: Int) throws -> [UInt8]

  /// Reads byte ranges of a stored tensor, whose offset counts from its first byte, one after the other into the head of
  /// `bytes`, which grows if it is smaller.
  func read(_ ranges: StridedRanges, of tensor: TensorDescriptor, into bytes: inout [UInt8]) throws

  /// Decodes `elements` of a stored tensor, which must be whole blocks, into the head of `values`.
  func decode(_ elements: Range<Int>, of tensor: TensorDescriptor, into values: inout MutableSpan<Float>) throws
}

extension StoredTensorReader {
  public func read(_ ranges: StridedRanges, of tensor: TensorDescriptor, into bytes: inout [UInt8]) throws {
    var position = 0
    if bytes.count < ranges.totalByteCount { bytes = [UInt8](repeating: 0, count: ranges.totalByteCount) }
    for index in 0..<ranges.count {
      let part = try self.bytes(of: tensor, from: ranges.offset + index * ranges.stride, count: ranges.byteCount)
      bytes.replaceSubrange(position..<position + ranges.byteCount, with: part)
      position += ranges.byteCount
    }
  }
}
