import Bytes
import Crypto

/// SHA-256 of files and values.
public enum FileDigest {
  /// The hexadecimal SHA-256 of a file, read a slab at a time.
  public static func sha256(_ file: InputFile) throws(FileError) -> String {
    var hasher = SHA256()
    var slab: [UInt8] = []
    var offset = 0
    while offset < file.byteCount {
      let count = min(4 << 20, file.byteCount - offset)
      try file.read(at: offset, count: count, into: &slab)
      hasher.update(data: slab.prefix(count))
      offset += count
    }
    return hexadecimal(hasher.finalize())
  }

  /// The hexadecimal SHA-256 of `bytes`.
  public static func sha256(_ bytes: [UInt8]) -> String { hexadecimal(SHA256.hash(data: bytes)) }

  private static func hexadecimal(_ digest: SHA256Digest) -> String {
    let digits = Array("0123456789abcdef")
    return String(digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}
