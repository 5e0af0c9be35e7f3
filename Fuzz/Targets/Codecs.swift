import Bytes
import Quantization
import Tensors

extension FuzzTarget {
  static let codecs: [FuzzTarget] = [
    FuzzTarget("decode", "blocks of any format decode to the bits that the scalar implementation gives", limit: 512) {
      input in
      guard let (format, blocks) = choice(input, decodable) else { return }
      let blockCount = blocks.count / format.bytesPerBlock
      let bytes = Array(blocks.prefix(blockCount * format.bytesPerBlock))
      let values = try Codec.decode(format, bytes, elementCount: blockCount * format.elementsPerBlock)
      guard let reference = Codec.referenceValues(format, bytes) else { return }
      try Finding.require(
        values.map(\.bitPattern) == reference.map(\.bitPattern), "\(format) decodes to other values than its reference")
    },
    FuzzTarget("encode", "any floats encode to the bytes that the scalar implementation gives, also with importance") {
      input in
      guard let (format, bytes) = choice(input, encodable) else { return }
      let count = bytes.count / 4 / format.elementsPerBlock * format.elementsPerBlock
      var cursor = ByteCursor(Array(bytes))
      guard count > 0, let bits = try? cursor.readArray(of: UInt32.self, count: count) else { return }
      let values = bits.map { Float(bitPattern: $0) }
      if !Codec.requiresImportance(format) {
        try requireReference(format, try? Codec.encode(format, values)) { Codec.referenceBytes(format, values) }
      }
      guard Codec.weighsImportance(format) else { return }
      // Squares of activations are not negative.
      let importance = values.map { $0.isFinite ? min(abs($0), 1e30) : 1 }
      try requireReference(format, try? Codec.encode(format, values, importance: importance)) {
        Codec.referenceBytes(format, values, importance: importance)
      }
    },
  ]

  private static let decodable = prepared(StorageFormat.allCases.filter(Codec.canDecode))
  private static let encodable = prepared(StorageFormat.allCases.filter(Codec.canEncode))

  /// Returns `formats` after each has encoded a block, which makes the tables of its grid.
  private static func prepared(_ formats: [StorageFormat]) -> [StorageFormat] {
    for format in formats {
      let ones = [Float](repeating: 1, count: format.elementsPerBlock)
      _ = try? Codec.encode(format, ones, importance: ones)
    }
    return formats
  }

  /// The format that the first byte chooses, and the other bytes.
  private static func choice(
    _ input: [UInt8], _ formats: [StorageFormat]
  ) -> (format: StorageFormat, rest: ArraySlice<UInt8>)? {
    input.first.map { (formats[Int($0) % formats.count], input.dropFirst()) }
  }

  /// Requires the bytes of the reference for what was encoded, if `format` has one.
  private static func requireReference(
    _ format: StorageFormat, _ bytes: [UInt8]?, _ reference: () -> [UInt8]?
  ) throws {
    guard let bytes, let expected = reference() else { return }
    try Finding.require(bytes == expected, "\(format) is encoded otherwise than by its reference")
    _ = try Codec.decode(format, bytes, elementCount: bytes.count / format.bytesPerBlock * format.elementsPerBlock)
  }
}
