import Models
import Quantization
import Tensors

/// The buffers of one thread that compares slabs.
struct SlabComparer {
  private var reference = RowBuffers()
  private var candidate = RowBuffers()

  /// Returns whether the bytes of `elements` are equal; both tensors have one format.
  mutating func bytesAreEqual(_ pair: TensorPair.Sources, _ elements: Range<Int>) throws -> Bool {
    try pair.reference.read(elements, into: &reference)
    try pair.candidate.read(elements, into: &candidate)
    let count = pair.reference.byteCount(elements)
    return Self.equal(
      Self.bytes(of: pair.reference, reference).extracting(first: count),
      Self.bytes(of: pair.candidate, candidate).extracting(first: count))
  }

  /// Returns the errors of `elements`, which are whole rows, and the rows with an error above `rowLimit`.
  mutating func errors(_ pair: TensorPair.Sources, _ elements: Range<Int>, rowLimit: Double?) throws -> TensorErrors {
    try pair.reference.readValues(elements, into: &reference)
    try pair.candidate.readValues(elements, into: &candidate)
    guard reference.values.isExact, candidate.values.isExact else {
      return TensorErrors(
        total: ErrorMetrics(reference: reference.values, candidate: candidate.values, count: elements.count))
    }
    return TensorErrors(
      reference: reference.values.floats.span.extracting(first: elements.count),
      candidate: candidate.values.floats.span.extracting(first: elements.count),
      firstRow: elements.lowerBound / pair.rowElementCount, width: pair.rowElementCount, rowLimit: rowLimit)
  }

  /// Returns the errors of quantizing the reference's `elements`, whole rows, to the candidate's format.
  mutating func baselineErrors(_ pair: TensorPair.Sources, _ elements: Range<Int>) throws -> ErrorMetrics {
    try pair.reference.readValues(elements, into: &reference)
    var encoded: [Float] = []
    let wanted = reference.values.floats.span.extracting(first: elements.count)
    try RequantizedReference.encode(wanted, pair.candidate.format, width: pair.rowElementCount, decodingInto: &encoded)
    return ErrorMetrics(reference: wanted, candidate: encoded.span)
  }

  /// The bytes that were read from a source.
  @_lifetime(borrow buffers)
  private static func bytes(of source: TensorSource, _ buffers: borrowing RowBuffers) -> RawSpan {
    source.isDecoded ? buffers.values.floats.span.bytes : buffers.bytes.span.bytes
  }

  /// Compares two ranges of equal length, 64 bytes at a time.
  private static func equal(_ left: RawSpan, _ right: RawSpan) -> Bool {
    typealias Vector = SIMD8<UInt64>
    let count = left.byteCount
    let wholeCount = count / 64 * 64
    for offset in stride(from: 0, to: wholeCount, by: 64) {
      let a = left.unsafeLoadUnaligned(fromByteOffset: offset, as: Vector.self)
      let b = right.unsafeLoadUnaligned(fromByteOffset: offset, as: Vector.self)
      if a != b { return false }
    }
    for offset in wholeCount..<count {
      let a = left.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self)
      let b = right.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self)
      if a != b { return false }
    }
    return true
  }
}
