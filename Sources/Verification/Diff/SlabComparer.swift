import Quantization
import Tensors

/// The buffers of one thread that compares slabs.
struct SlabComparer {
  private var slab: (reference: [UInt8], candidate: [UInt8]) = ([], [])
  private var values: (reference: [Float], candidate: [Float]) = ([], [])
  private var scratch: [UInt8] = []

  /// Returns whether the bytes of `elements` are equal; both tensors have one format.
  mutating func bytesAreEqual(_ pair: TensorPair.Sources, _ elements: Range<Int>) throws -> Bool {
    let count = try pair.reference.read(elements, into: &slab.reference, scratch: &scratch)
    let other = try pair.candidate.read(elements, into: &slab.candidate, scratch: &scratch)
    guard count == other else { return false }
    return Self.equal(
      slab.reference.span.bytes.extracting(first: count), slab.candidate.span.bytes.extracting(first: count))
  }

  /// Returns the errors of `elements`, which are whole rows, and the rows with an error above `rowLimit`.
  mutating func errors(_ pair: TensorPair.Sources, _ elements: Range<Int>, rowLimit: Double?) throws -> TensorErrors {
    let count = try pair.reference.read(elements, into: &slab.reference, scratch: &scratch)
    let other = try pair.candidate.read(elements, into: &slab.candidate, scratch: &scratch)
    if pair.reference.format.isWiderThanFloat || pair.candidate.format.isWiderThanFloat {
      return TensorErrors(
        total: ErrorMetrics(
          reference: try Self.decodeWide(pair.reference.format, slab.reference, count, elements.count),
          candidate: try Self.decodeWide(pair.candidate.format, slab.candidate, other, elements.count)))
    }
    try Self.decode(pair.reference.format, slab.reference, count, elements.count, into: &values.reference)
    try Self.decode(pair.candidate.format, slab.candidate, other, elements.count, into: &values.candidate)
    return TensorErrors(
      reference: values.reference.span.extracting(first: elements.count),
      candidate: values.candidate.span.extracting(first: elements.count),
      firstRow: elements.lowerBound / pair.rowElementCount, width: pair.rowElementCount, rowLimit: rowLimit)
  }

  /// Returns the errors of quantizing the reference's `elements`, whole rows, to the candidate's format.
  mutating func baselineErrors(_ pair: TensorPair.Sources, _ elements: Range<Int>) throws -> ErrorMetrics {
    let count = try pair.reference.read(elements, into: &slab.reference, scratch: &scratch)
    try Self.decode(pair.reference.format, slab.reference, count, elements.count, into: &values.reference)
    var encoded: [Float] = []
    let wanted = values.reference.span.extracting(first: elements.count)
    try RequantizedReference.encode(wanted, pair.candidate.format, width: pair.rowElementCount, decodingInto: &encoded)
    return ErrorMetrics(reference: wanted, candidate: encoded.span)
  }

  private static func decode(
    _ format: StorageFormat, _ bytes: [UInt8], _ byteCount: Int, _ elementCount: Int, into values: inout [Float]
  ) throws(CodecError) {
    if values.count < elementCount { values = [Float](repeating: 0, count: elementCount) }
    var destination = values.mutableSpan
    try Codec.decode(format, bytes.span.bytes.extracting(first: byteCount), into: &destination)
  }

  /// Decodes values in double precision, which represents F64 and integers up to 32 bits exactly.
  private static func decodeWide(
    _ format: StorageFormat, _ bytes: [UInt8], _ byteCount: Int, _ elementCount: Int
  ) throws(CodecError) -> [Double] {
    let data = bytes.span.bytes.extracting(first: byteCount)
    switch format {
    case .f64: return (0..<elementCount).map { data.unsafeLoadUnaligned(fromByteOffset: $0 * 8, as: Double.self) }
    case .i64:
      return (0..<elementCount).map { Double(data.unsafeLoadUnaligned(fromByteOffset: $0 * 8, as: Int64.self)) }
    case .u64:
      return (0..<elementCount).map { Double(data.unsafeLoadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)) }
    case .i32:
      return (0..<elementCount).map { Double(data.unsafeLoadUnaligned(fromByteOffset: $0 * 4, as: Int32.self)) }
    case .u32:
      return (0..<elementCount).map { Double(data.unsafeLoadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)) }
    default:
      var values: [Float] = []
      try decode(format, bytes, byteCount, elementCount, into: &values)
      return values.map(Double.init)
    }
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

extension StorageFormat {
  /// Whether float32 cannot represent every value of it.
  var isWiderThanFloat: Bool { [.f64, .i64, .u64, .i32, .u32].contains(self) }
}
