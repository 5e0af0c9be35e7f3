import Quantization
import Tensors

/// The rows of one tensor in the order and layout that a reader asks for.
///
/// What is read is either bytes in one storage format or decoded values, never values packed as bytes.
public protocol RowSource: Sendable {
  /// The storage format of the bytes; nil if values are decoded on the way, so that there are no bytes to read.
  var format: StorageFormat? { get }
  /// The whole tensor as byte ranges of files, if it consists of large ones; nil if rows must be gathered or decoded.
  var copyRanges: [TensorCopyRange]? { get }
  /// The way to the rows in the files.
  var access: RowAccess { get }

  /// Reads rows as bytes of `format` into the head of `buffers.bytes`; reads nothing if `format` is nil.
  func readBytes(_ rows: Range<Int>, into buffers: inout RowBuffers) throws
  /// Decodes rows into the head of `buffers.values`.
  func readValues(_ rows: Range<Int>, into buffers: inout RowBuffers) throws

  /// The formats that may encode exactly the decoded values, the smallest first, as far as headers tell.
  var candidateFormats: [StorageFormat] { get }
  /// `format`, one of the candidates, if it does; scales are read to find out.
  func exactFormat(_ format: StorageFormat) throws -> ExactFormat?
  /// Reads rows as blocks of an exact format into the head of `buffers.bytes`.
  func readBlocks(_ rows: Range<Int>, in format: StorageFormat, into buffers: inout RowBuffers) throws
}

/// A storage format that encodes exactly the values of a tensor.
public struct ExactFormat: Sendable, Hashable {
  public let format: StorageFormat
  /// The numbers by which the values of blocks are to be multiplied: one for all, or one for each matrix of a stack; empty if
  /// there are none.
  public let factors: [Float]
}

/// The way to the rows of a tensor in the files.
public enum RowAccess: Sendable {
  /// Row after row.
  case rows
  /// Rows are columns of a stored matrix, and each stored row gives one value: many rows at a time are cheapest.
  case columns
}

/// Bytes of a tensor that an output has unchanged.
public struct TensorCopyRange: Sendable {
  /// The tensor that contains them.
  public let source: TensorDescriptor
  /// The offset of the first byte in that tensor, and in the tensor of the output.
  public let sourceOffset: Int, targetOffset: Int
  public let byteCount: Int
}

/// The buffers of one thread that reads rows, reused from slab to slab.
public struct RowBuffers: Sendable {
  /// The result of `readBytes`.
  public var bytes: [UInt8] = []
  /// The result of `readValues`.
  public var values = DecodedValues()
  /// Bytes and values before they are put in order.
  var storedBytes: [UInt8] = []
  var storedValues = DecodedValues()
  /// The bytes of a part while they are put together from rows of the whole.
  var partBytes: [UInt8] = []

  public init() {}
}

extension RowSource {
  public var access: RowAccess { .rows }
  public var candidateFormats: [StorageFormat] { [] }
  public func exactFormat(_ format: StorageFormat) throws -> ExactFormat? { nil }
  public func readBlocks(_ rows: Range<Int>, in format: StorageFormat, into buffers: inout RowBuffers) throws {}

  /// Decodes the bytes of `rows`, each of `rowElementCount` elements; for sources that have a format.
  func decodeBytes(_ rows: Range<Int>, rowElementCount: Int, into buffers: inout RowBuffers) throws {
    guard let format else { return }
    try readBytes(rows, into: &buffers)
    try buffers.values.decode(format, buffers.bytes, elementCount: rows.count * rowElementCount)
  }
}
