import Bytes

/// Arrays as tests make them.
enum NumPyFile {
  static func crc32(_ bytes: [UInt8]) -> Int {
    var sum = CRC32()
    sum.update(bytes.span.bytes)
    return Int(sum.value)
  }

  /// A file of version 1 with this header.
  static func array(_ header: String, data: [UInt8]) -> [UInt8] {
    let text = Array(header.utf8)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count & 255), UInt8(text.count >> 8)] + text + data
  }
}
