import Bytes

/// A tensor that several stored tensors encode together: quantized codes, their scales, zero points.
///
/// Its values are float32. In a checkpoint a composition replaces its source tensors, so that names, layouts and the forward
/// pass see one tensor; reports list the sources.
public protocol TensorComposition: Sendable, Hashable, CustomStringConvertible {
  /// The stored tensors, the one with the codes first.
  var sources: [TensorDescriptor] { get }
  /// The shape of the values, slowest-varying dimension first.
  var shape: Shape { get }
  /// The encoding as plans and receipts name it: `FP8 E4M3, 128 × 128 blocks`.
  var description: String { get }

  /// Decodes whole rows into the head of `values`, row after row.
  ///
  /// - Parameter reader: reads the source tensors.
  func decode(
    rows: Range<Int>, from reader: any StoredTensorReader, into values: inout MutableSpan<Float>) throws

  /// The rows as blocks of `format`, if those encode exactly the same values; nil otherwise.
  func blocks(in format: StorageFormat) -> (any BlockSource)?
}

extension TensorComposition {
  public func blocks(in format: StorageFormat) -> (any BlockSource)? { nil }
}

/// Rows of a composition re-expressed as blocks of one storage format, without a change of value.
public protocol BlockSource: Sendable {
  /// Writes whole rows to the head of `bytes`, row after row.
  func read(rows: Range<Int>, from reader: any StoredTensorReader, into bytes: inout MutableSpan<UInt8>) throws
}

/// Reads the stored tensors of a checkpoint for a composition.
public protocol StoredTensorReader {
  /// Reads `count` bytes of a stored tensor, from byte `offset` of the tensor.
  func bytes(of tensor: TensorDescriptor, from offset: Int, count: Int) throws -> [UInt8]

  /// Decodes `elements` of a stored tensor, which must be whole blocks, into the head of `values`.
  func decode(_ elements: Range<Int>, of tensor: TensorDescriptor, into values: inout MutableSpan<Float>) throws
}
