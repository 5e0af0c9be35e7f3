/// NumPy's file format for one array (`.npy`, version 1.0), for float32; other types are only written.
///
///      0 ┊ 93 "NUMPY" │ 6 ┊ version 1, 0 │ 8 ┊ header length u16 │ 10 ┊ header │ data
///
/// The header is the text of a Python dictionary, filled up with spaces and a newline so that the data starts at a
/// multiple of 64. Data are little-endian values, last index fastest. (numpy/lib/format.py describes it.)
public struct NumPyFile: Sendable, Equatable {
  /// The length of each axis, slowest first.
  public var shape: [Int]
  /// The values, last axis fastest.
  public var values: [Float]

  /// Creates an array of `shape` with `values`.
  public init(shape: [Int], values: [Float]) {
    self.shape = shape
    self.values = values
  }

  /// The whole file.
  public var bytes: [UInt8] {
    var bytes = Self.header(shape: shape)
    Self.append(values[...], to: &bytes)
    return bytes
  }

  /// The type of the values; raw values are NumPy's.
  public enum Element: String, Sendable {
    case float32 = "<f4"
    case float64 = "<f8"
    case int64 = "<i8"
    case uint64 = "<u8"

    /// NumPy's name of the type.
    public var name: String { "\(self)" }
    /// The bytes of a value.
    public var byteCount: Int { self == .float32 ? 4 : 8 }
  }

  /// The file up to the data, for an array that is written in parts.
  public static func header(shape: [Int], of element: Element = .float32) -> [UInt8] {
    let axes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var text = Array("{'descr': '\(element.rawValue)', 'fortran_order': False, 'shape': (\(axes)), }".utf8)
    let fixedByteCount = magic.count + 2
    while (fixedByteCount + text.count + 1) % 64 != 0 { text.append(UInt8(ascii: " ")) }
    text.append(UInt8(ascii: "\n"))
    return magic + [UInt8(truncatingIfNeeded: text.count), UInt8(truncatingIfNeeded: text.count >> 8)] + text
  }

  /// Appends the bytes of `values`.
  public static func append(_ values: ArraySlice<Float>, to bytes: inout [UInt8]) {
    bytes.reserveCapacity(bytes.count + values.count * 4)
    for value in values {
      let pattern = value.bitPattern
      for shift in [UInt32(0), 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: pattern >> shift)) }
    }
  }

  /// Appends the bytes of values of 64 bits.
  public static func append(patterns: [UInt64], to bytes: inout [UInt8]) {
    bytes.reserveCapacity(bytes.count + patterns.count * 8)
    for pattern in patterns {
      for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: pattern >> shift)) }
    }
  }

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
}

extension NumPyFile {
  /// Reads a file of version 1.0; nil unless it contains exactly one float32 array in this order.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count >= 10, bytes.starts(with: Self.magic) else { return nil }
    let dataStart = 10 + Int(bytes[8]) + Int(bytes[9]) << 8
    guard dataStart <= bytes.count, (bytes.count - dataStart).isMultiple(of: 4) else { return nil }
    let text = String(decoding: bytes[10..<dataStart], as: UTF8.self).filter { $0 != " " && $0 != "\n" }
    let head = "{'descr':'<f4','fortran_order':False,'shape':(", tail = "),}"
    guard text.hasPrefix(head), text.hasSuffix(tail), text.count >= head.count + tail.count else { return nil }
    let axes = text.dropFirst(head.count).dropLast(tail.count)
    var shape: [Int] = []
    var elementCount = 1
    for axis in axes.split(separator: ",") {
      guard let length = Int(axis), length >= 0 else { return nil }
      let (product, overflow) = elementCount.multipliedReportingOverflow(by: length)
      guard !overflow else { return nil }
      shape.append(length)
      elementCount = product
    }
    guard elementCount == (bytes.count - dataStart) / 4 else { return nil }
    self.shape = shape
    values = (0..<elementCount).map { index in
      let start = dataStart + index * 4
      let pattern = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }
      return Float(bitPattern: pattern)
    }
  }
}
