extension String {
  /// Whether the text is `<0xHH>`, the name of one byte.
  var isByteName: Bool { byteOfName != nil }

  /// The byte that `<0xHH>` names; nil for any other text.
  var byteOfName: UInt8? {
    guard utf8.count == 6, utf8.starts(with: "<0x".utf8), utf8.last == UInt8(ascii: ">") else { return nil }
    var value: UInt8 = 0
    for digit in utf8.dropFirst(3).prefix(2) {
      switch digit {
      case 0x30...0x39: value = value << 4 | (digit - 0x30)
      case 0x41...0x46: value = value << 4 | (digit - 0x37)
      case 0x61...0x66: value = value << 4 | (digit - 0x57)
      default: return nil
      }
    }
    return value
  }
}
