import Bytes
import Crypto

/// SHA-256 of files and values, and MD5 where an index states it.
public enum FileDigest {
  /// A digest that is updated with successive bytes.
  public struct Hasher: Sendable {
    private var state = SHA256()

    /// A digest of nothing yet.
    public init() {}

    /// Adds the next bytes.
    public mutating func update(_ bytes: ArraySlice<UInt8>) { state.update(data: bytes) }

    /// The hexadecimal digest of all bytes.
    public func finish() -> String { hexadecimal(state.finalize()) }
  }

  /// The hexadecimal SHA-256 of a file, read a slab at a time.
  ///
  /// - Parameter progress: receives the bytes read since the last call.
  public static func sha256(_ file: any ByteSource, progress: (Int) -> Void = { _ in }) throws(FileError) -> String {
    if let digest = file.consumedDigest {
      progress(file.byteCount)
      return digest
    }
    return try sha256(file, from: 0, count: file.byteCount, progress: progress)
  }

  /// The hexadecimal SHA-256 of `count` bytes of a file from byte `offset` on, read a slab at a time.
  public static func sha256(
    _ file: any ByteSource, from offset: Int, count: Int, progress: (Int) -> Void = { _ in }
  ) throws(FileError) -> String {
    var hasher = Hasher()
    try read(file, from: offset, count: count) {
      hasher.update($0)
      progress($0.count)
    }
    return hasher.finish()
  }

  /// The hexadecimal SHA-256 of these bytes of a file, one range after the other.
  ///
  /// - Throws: also if a range is not within the file.
  public static func sha256(_ file: any ByteSource, _ ranges: [Range<Int>]) throws(FileError) -> String {
    var hasher = Hasher()
    for range in ranges {
      guard range.lowerBound >= 0, range.upperBound <= file.byteCount else {
        throw .endsEarly(path: file.path, offset: file.byteCount, expected: range.upperBound)
      }
      try read(file, from: range.lowerBound, count: range.count) { hasher.update($0) }
    }
    return hasher.finish()
  }

  /// The hexadecimal MD5 of a file, read a slab at a time.
  public static func md5(_ file: any ByteSource) throws(FileError) -> String {
    var state = Insecure.MD5()
    try read(file, from: 0, count: file.byteCount) { state.update(data: $0) }
    return hexadecimal(state.finalize())
  }

  private static func read(
    _ file: any ByteSource, from start: Int, count: Int, _ use: (ArraySlice<UInt8>) -> Void
  ) throws(FileError) {
    var slab: [UInt8] = []
    var offset = start
    while offset < start + count {
      let count = min(4 << 20, start + count - offset)
      try file.read(at: offset, count: count, into: &slab)
      use(slab.prefix(count))
      offset += count
    }
  }

  /// The hexadecimal SHA-256 of `bytes`.
  public static func sha256(_ bytes: [UInt8]) -> String { hexadecimal(SHA256.hash(data: bytes)) }

  /// The bytes of a digest as hexadecimal digits.
  public static func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef")
    return String(digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}
