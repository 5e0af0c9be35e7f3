import Tensors

// Floats of eight bits, decoded through a table of all their values. `Minifloat` draws their layout.

/// A format of one byte per element, decoded by a table of 256 floats.
protocol ByteFloat: RowDecoder {
  static var values: [Float] { get }
}

extension ByteFloat {
  static func decode(_ bytes: RawSpan, into values: inout MutableRawSpan) {
    let table = Self.values
    for index in 0..<bytes.byteCount {
      let pattern = Int(bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt8.self))
      values.storeBytes(of: table[pattern], toByteOffset: index * 4, as: Float.self)
    }
  }
}

enum F8_E4M3: ByteFloat {
  static let values = Minifloat.e4m3.values
}

enum F8_E5M2: ByteFloat {
  static let values = Minifloat.e5m2.values
}

enum F8_E4M3FNUZ: ByteFloat {
  static let values = Minifloat.e4m3fnuz.values
}

enum F8_E5M2FNUZ: ByteFloat {
  static let values = Minifloat.e5m2fnuz.values
}

/// An exponent only: 2^(pattern − 127), and NaN for 255.
enum F8_E8M0: ByteFloat {
  static let values = (0..<256).map { Minifloat.e8m0(UInt8($0)) }
}
