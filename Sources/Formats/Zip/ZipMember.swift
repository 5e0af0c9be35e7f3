import Bytes

/// A member of a zip archive, as its directory and its own header state it.
struct ZipMember: Hashable, Sendable {
  /// How the bytes are stored.
  enum Method: Hashable, Sendable {
    case stored
    case deflated
    /// One that is not read, by its number.
    case other(Int)
  }

  /// The path in the archive, with `/` between folders; it never leads out of it.
  let name: String
  let method: Method
  let isEncrypted: Bool
  let crc32: UInt32
  /// The bytes in the archive.
  let compressedByteCount: Int
  /// The bytes once they are unpacked.
  let byteCount: Int
  /// The offsets in the file of the member's header and of its bytes.
  let headerOffset: Int, dataOffset: Int

  /// The offset in the file after the last byte.
  var dataEnd: Int { dataOffset + compressedByteCount }

  /// Bytes that a byte of a deflate stream unpacks to at most (zlib's algorithm.txt: 1032 to 1).
  static let maximumExpansion = 1032
}

/// The bytes of a member: those of `source` from `offset` on.
struct ZipContent {
  let source: any ByteSource
  let offset: Int
  let byteCount: Int
}
