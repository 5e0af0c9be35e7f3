/// The one-to-one mapping of bytes to printable characters in byte-level vocabularies.
///
/// Printable ASCII and most of Latin-1 map to themselves; the other 68 bytes map to U+0100 and following, in the order
/// of the bytes (a space is `Ġ`, U+0120, and a line feed `Ċ`, U+010A).
enum ByteLevel {
  private static func isPrintable(_ byte: UInt8) -> Bool {
    (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE
  }

  /// The scalar that represents each byte.
  static let scalars: [Unicode.Scalar] = {
    var next: UInt8 = 0
    return (UInt8.min...UInt8.max).map { byte in
      if isPrintable(byte) { return Unicode.Scalar(byte) }
      defer { next += 1 }
      return Unicode.Scalar(0x100 + UInt16(next)) ?? " "
    }
  }()

  /// The byte that each scalar represents.
  static let bytes: [Unicode.Scalar: UInt8] = Dictionary(
    uniqueKeysWithValues: scalars.enumerated().map { ($0.element, UInt8($0.offset)) })

  /// Encodes bytes as text.
  static func encode(_ bytes: some Sequence<UInt8>) -> String {
    var view = String.UnicodeScalarView()
    for byte in bytes { view.append(scalars[Int(byte)]) }
    return String(view)
  }

  /// The bytes of a token; if a scalar represents no byte, the token's own UTF-8.
  static func decode(_ token: String) -> [UInt8] {
    var decoded: [UInt8] = []
    for scalar in token.unicodeScalars {
      guard let byte = bytes[scalar] else { return Array(token.utf8) }
      decoded.append(byte)
    }
    return decoded
  }

  /// The text of a token, with invalid bytes replaced.
  static func decodedToken(_ token: String) -> String { String(decoding: decode(token), as: UTF8.self) }
}
