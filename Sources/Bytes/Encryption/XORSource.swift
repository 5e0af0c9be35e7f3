// 0 ┊ SHA-256 of the decrypted bytes, 32 bytes │ 32 ┊ decrypted bytes XOR key bytes
//
// The decrypted bytes and the key are read in chunks of 10 MiB, one of each at a time. A key file whose size is not a
// multiple of that ends in a shorter chunk, which is repeated for the whole chunk of bytes; after it, or after a last
// whole chunk, the key begins again.
//
//   key of 25 MiB    chunk 0      chunk 1      chunk 2: 5 MiB, twice   chunk 0      …
//   bytes            0 … 10 MiB   10 … 20      20 … 30                 30 … 40
//
// Source: decrypt.py of BELLE (LianjiaTech), 2023.

/// The decrypted bytes of a file that BELLE encrypted with another file as its key.
///
/// Bytes are decrypted as they are read, from any thread; nothing is kept.
public final class XORSource: ByteSource {
  /// The bytes of file and key that are read at a time.
  static let chunkByteCount = 10 << 20
  /// The bytes before the encrypted ones.
  static let digestByteCount = 32
  /// A shorter last chunk of the key is kept in memory, repeated to at least this size.
  private static let tileByteCount = 1 << 16
  /// Bytes of the key that are read at a time.
  private static let slabByteCount = 1 << 18

  public let path: String
  public let byteCount: Int
  /// The SHA-256 that the file states of its decrypted bytes.
  public let digest: [UInt8]
  private let base: any ByteSource
  private let key: any ByteSource
  /// Whole repetitions of a short last chunk of the key; empty if it is longer.
  private let tile: [UInt8]

  /// - Parameter path: the name in messages.
  /// - Throws: `FileError.endsEarly` if the file is shorter than a digest, or the key is empty.
  public init(_ base: any ByteSource, key: any ByteSource, path: String) throws(FileError) {
    self.base = base
    self.key = key
    self.path = path
    guard key.byteCount > 0 else { throw .endsEarly(path: key.path, offset: 0, expected: 1) }
    digest = try base.bytes(at: 0, count: Self.digestByteCount)
    byteCount = base.byteCount - Self.digestByteCount
    let rest = key.byteCount % Self.chunkByteCount
    guard rest > 0, rest < Self.tileByteCount else {
      tile = []
      return
    }
    let last = try key.bytes(at: key.byteCount - rest, count: rest)
    tile = Array(repeatElement(last, count: (Self.tileByteCount + rest - 1) / rest).joined())
  }

  /// A run of key bytes that belongs to consecutive bytes of the file.
  private enum KeyRun {
    case file(offset: Int, count: Int)
    case tile(offset: Int, count: Int)
  }

  /// The key bytes from byte `offset` of the decrypted file on: as many as are consecutive.
  private func keyRun(at offset: Int) -> KeyRun {
    let wholeCount = key.byteCount / Self.chunkByteCount, rest = key.byteCount % Self.chunkByteCount
    let chunk = offset / Self.chunkByteCount % (wholeCount + (rest > 0 ? 1 : 0))
    let position = offset % Self.chunkByteCount, left = Self.chunkByteCount - position
    guard chunk == wholeCount else { return .file(offset: chunk * Self.chunkByteCount + position, count: left) }
    let place = position % rest
    guard tile.isEmpty else { return .tile(offset: place, count: min(left, tile.count - place)) }
    return .file(offset: wholeCount * Self.chunkByteCount + place, count: min(left, rest - place))
  }

  public func read(at offset: Int, count: Int, into buffer: inout MutableRawSpan, at position: Int) throws(FileError) {
    guard count > 0 else { return }
    try base.read(at: Self.digestByteCount + offset, count: count, into: &buffer, at: position)
    var slab: [UInt8] = []
    var done = 0
    while done < count {
      switch keyRun(at: offset + done) {
      case .tile(let start, let runCount):
        let step = min(runCount, count - done)
        Self.combine(&buffer, at: position + done, with: tile, from: start, count: step)
        done += step
      case .file(let start, let runCount):
        let step = min(runCount, count - done, Self.slabByteCount)
        try key.read(at: start, count: step, into: &slab)
        Self.combine(&buffer, at: position + done, with: slab, from: 0, count: step)
        done += step
      }
    }
  }

  /// XORs `count` bytes of `buffer` with those of `key`.
  private static func combine(
    _ buffer: inout MutableRawSpan, at position: Int, with key: [UInt8], from start: Int, count: Int
  ) {
    let key = key.span.bytes
    var index = 0
    while index &+ 8 <= count {
      let word = buffer.unsafeLoadUnaligned(fromByteOffset: position &+ index, as: UInt64.self)
      let mask = key.unsafeLoadUnaligned(fromByteOffset: start &+ index, as: UInt64.self)
      buffer.storeBytes(of: word ^ mask, toByteOffset: position &+ index, as: UInt64.self)
      index &+= 8
    }
    while index < count {
      let byte = buffer.unsafeLoadUnaligned(fromByteOffset: position &+ index, as: UInt8.self)
      let mask = key.unsafeLoadUnaligned(fromByteOffset: start &+ index, as: UInt8.self)
      buffer.storeBytes(of: byte ^ mask, toByteOffset: position &+ index, as: UInt8.self)
      index &+= 1
    }
  }

  public func requireUnchanged() throws(FileError) {
    try base.requireUnchanged()
    try key.requireUnchanged()
  }

  public func isFile(at path: String) -> Bool { base.isFile(at: path) || key.isFile(at: path) }
}
