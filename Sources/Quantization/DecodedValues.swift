import Tensors

/// Decoded values: float32, and for wider storage formats also what float32 leaves out of them.
///
/// Errors are measured against the exact values, so that a cast of F64 or of large integers to F32 shows what it loses.
public struct DecodedValues: Sendable {
  /// The nearest float32 values. May be longer than the values in it.
  public var floats: [Float] = []
  /// The exact value minus its float; the value itself where float32 overflows. Empty where floats are exact.
  public private(set) var remainders: [Double] = []

  public init() {}

  /// Whether all values are exact in float32.
  public var isExact: Bool { remainders.isEmpty }

  /// Exact float32 values.
  public init(_ floats: [Float]) { self.floats = floats }

  /// Makes room for `count` values.
  ///
  /// - Parameter isWide: whether some of them may need a remainder.
  public mutating func prepare(_ count: Int, isWide: Bool = false) {
    if floats.count < count { floats = [Float](repeating: 0, count: count) }
    if isWide {
      remainders = [Double](repeating: 0, count: floats.count)
    } else if !remainders.isEmpty {
      remainders = []
    }
  }

  /// Value `index` exactly.
  public func exact(_ index: Int) -> ExactValue {
    ExactValue(floats[index], remainder: remainders.isEmpty ? 0 : remainders[index])
  }

  /// Decodes the first `elementCount` elements of `bytes`, whole blocks of `format`, as the first values.
  public mutating func decode(
    _ format: StorageFormat, _ bytes: [UInt8], elementCount: Int
  ) throws(CodecError) {
    guard let byteCount = format.byteCount(elementCount: elementCount), byteCount <= bytes.count else {
      throw .partialBlock(format, unit: .element, count: elementCount, perBlock: format.elementsPerBlock)
    }
    prepare(elementCount)
    let data = bytes.span.bytes.extracting(0..<byteCount)
    var destination = floats.mutableSpan
    try Codec.decode(format, data, into: &destination)
    guard format.isWiderThanFloat32 else { return }
    remainders = [Double](repeating: 0, count: floats.count)
    for index in 0..<elementCount {
      remainders[index] = Codec.remainder(format, data, index, float: floats[index])
    }
  }

  /// Adds `addend` to the first `count` values: in float32, or for F16 as PyTorch does, which rounds the sums to F16.
  ///
  /// Values of an earlier use beyond them stay as they are.
  public mutating func add(_ addend: Float, first count: Int, roundingAs format: StorageFormat) throws(CodecError) {
    let before = isExact ? [] : floats
    for index in 0..<count { floats[index] += addend }
    if format == .f16 {
      let sums = try Codec.decode(.f16, Codec.encode(.f16, Array(floats[..<count])), elementCount: count)
      floats.replaceSubrange(..<count, with: sums)
    }
    for index in isExact ? 0..<0 : 0..<count {
      let exact = ExactValue(before[index], remainder: remainders[index]).value + Double(addend)
      remainders[index] = exact - Double(floats[index])
    }
  }

  /// Replaces the first `count` values by `function` of them, computed in double precision and rounded as `add` does.
  public mutating func replace(
    first count: Int, roundingAs format: StorageFormat, by function: (Double) -> Double
  ) throws(CodecError) {
    let exact = (0..<count).map { function(self.exact($0).value) }
    for index in 0..<count { floats[index] = Float(exact[index]) }
    if format == .f16 {
      let rounded = try Codec.decode(.f16, Codec.encode(.f16, Array(floats[..<count])), elementCount: count)
      floats.replaceSubrange(..<count, with: rounded)
    }
    for index in isExact ? 0..<0 : 0..<count { remainders[index] = exact[index] - Double(floats[index]) }
  }

  /// Adds `factor` × each element of `row` to the values `stride` apart from `start`: a rounded product, a rounded sum.
  public mutating func add(_ row: Span<Float>, times factor: Float, from start: Int, stride: Int) {
    for index in remainders.isEmpty ? 0..<0 : row.indices {
      let target = start + index * stride
      let exact = exact(target).value + Double(factor * row[index])
      remainders[target] = exact - Double(floats[target] + factor * row[index])
    }
    var values = floats.mutableSpan
    if stride == 1 {
      for index in row.indices { values[start + index] += factor * row[index] }
    } else {
      for index in row.indices { values[start + index * stride] += factor * row[index] }
    }
  }

  /// Multiplies `count` values, `stride` apart from `start`, by `factor`.
  public mutating func multiply(by factor: Float, from start: Int, stride: Int, count: Int) {
    for index in 0..<count {
      let target = start + index * stride
      let product = floats[target] * factor
      if !remainders.isEmpty { remainders[target] = exact(target).value * Double(factor) - Double(product) }
      floats[target] = product
    }
  }

  /// Replaces values, `stride` apart from `start`, by `range` of `other`.
  public mutating func replace(from start: Int, stride: Int = 1, with other: DecodedValues, _ range: Range<Int>) {
    let source = other.floats.span
    var values = floats.mutableSpan
    var target = start
    for index in range {
      values[target] = source[index]
      target += stride
    }
    guard !remainders.isEmpty, !other.remainders.isEmpty else { return }
    for (offset, index) in range.enumerated() { remainders[start + offset * stride] = other.remainders[index] }
  }
}

/// A value of up to 64 significant bits, as a sum of two doubles.
public struct ExactValue: Sendable {
  let high: Double, low: Double

  /// `float` + `remainder`, or `remainder` where float32 overflows.
  init(_ float: Float, remainder: Double) {
    let overflows = !float.isFinite && remainder != 0
    high = overflows ? remainder : Double(float)
    low = overflows ? 0 : remainder
  }

  /// The nearest double.
  public var value: Double { high + low }

  /// The exact value if it is an integer.
  public var integer: Int128? {
    guard let high = Int128(exactly: high), let low = Int128(exactly: low) else { return nil }
    return high + low
  }

  /// This value minus `other`, rounded once; 0 only for equal values.
  public func minus(_ other: ExactValue) -> Double { (high - other.high) + (low - other.low) }
}

extension Codec {
  /// The residue of `float`, the decoded element `index` of `bytes`: 0 for formats that are not wider than float32.
  static func remainder(_ format: StorageFormat, _ bytes: RawSpan, _ index: Int, float: Float) -> Double {
    func integer<Element: FixedWidthInteger & BitwiseCopyable>(_: Element.Type) -> Double {
      let element = bytes.unsafeLoadUnaligned(
        fromByteOffset: index * MemoryLayout<Element>.size, as: Element.self)
      return Double(Int128(element) - Int128(float))
    }
    switch format {
    case .f64:
      let value = bytes.unsafeLoadUnaligned(fromByteOffset: index * 8, as: Double.self)
      guard value.isFinite else { return 0 }
      return float.isFinite ? value - Double(float) : value
    case .i32: return integer(Int32.self)
    case .u32: return integer(UInt32.self)
    case .i64: return integer(Int64.self)
    case .u64: return integer(UInt64.self)
    default: return 0
    }
  }
}
