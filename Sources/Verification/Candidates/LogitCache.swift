import Bytes
import Inference
import Models

/// A file with the logits of a reference, float32 and exact, from which further candidates are compared without another
/// pass of the reference.
///
///     0 ┊ magic 16 bytes │ 16 ┊ key, 64 hexadecimal digits │ 80 ┊ row length u64 │ 88 ┊ chunk count u64
///     96 ┊ for each chunk: row count u64, SHA-256 of its values, 64 hexadecimal digits
///     … ┊ SHA-256 of all bytes before, 64 hexadecimal digits
///     … ┊ the values of all rows, chunk after chunk, float32, little-endian
///
/// The key is a digest of everything that the logits follow from (`LogitCacheKey`), and the file has its name.
struct LogitCache {
  let path: String
  private let key: LogitCacheKey
  private let rowLength: Int
  /// The rows of each chunk.
  private let rowCounts: [Int]

  private static let magic = Array("ingot logits 1\n\0".utf8)
  private static let fixedByteCount = 96, chunkByteCount = 72, digestByteCount = 64

  init(folder: String, key: LogitCacheKey, rowLength: Int, rowCounts: [Int]) {
    path = Path.join(folder, "\(key.sha256).logits")
    self.key = key
    self.rowLength = rowLength
    self.rowCounts = rowCounts
  }

  private var headerByteCount: Int {
    Self.fixedByteCount + rowCounts.count * Self.chunkByteCount + Self.digestByteCount
  }

  private func byteCount(ofChunk index: Int) -> Int { rowCounts[index] * rowLength * MemoryLayout<Float>.size }

  /// The offset of the values of a chunk.
  private func offset(ofChunk index: Int) -> Int {
    (0..<index).reduce(headerByteCount) { $0 + byteCount(ofChunk: $1) }
  }

  /// The header for chunks with these digests.
  private func header(_ digests: [String]) -> [UInt8] {
    func little(_ value: Int) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    var bytes = Self.magic + Array(key.sha256.utf8) + little(rowLength) + little(rowCounts.count)
    for (count, digest) in zip(rowCounts, digests) { bytes += little(count) + Array(digest.utf8) }
    return bytes + Array(FileDigest.sha256(bytes).utf8)
  }

  /// What a file at `path` is.
  enum Content {
    case absent
    /// Every byte is what was written.
    case valid(Logits)
    /// It must not be used, and may be replaced.
    case damaged(String)
    /// It is not a file of logits, and is left alone.
    case foreign
  }

  /// Reads the whole file and checks it.
  func read() throws(FileError) -> Content {
    guard InputLocation.folder(at: path).hasFile(Path.name(of: path)) else { return .absent }
    let file = try InputLocation.openFile(path)
    guard try file.bytes(at: 0, count: min(file.byteCount, Self.magic.count)) == Self.magic else { return .foreign }
    let expected = offset(ofChunk: rowCounts.count)
    guard file.byteCount == expected else {
      return .damaged("has \(file.byteCount.grouped) bytes, expected \(expected.grouped)")
    }
    let header = try file.bytes(at: 0, count: headerByteCount)
    let digests = rowCounts.indices.map { index in
      let start = Self.fixedByteCount + index * Self.chunkByteCount + 8
      return String(decoding: header[start..<start + Self.digestByteCount], as: UTF8.self)
    }
    guard header == self.header(digests) else { return .damaged("its header is damaged or of another model") }
    for (index, digest) in digests.enumerated() {
      let found = try FileDigest.sha256(file, from: offset(ofChunk: index), count: byteCount(ofChunk: index))
      guard found == digest else { return .damaged("the logits of chunk \(index.grouped) are damaged") }
    }
    return .valid(Logits(cache: self, file: file))
  }

  /// The logits of a valid file.
  struct Logits {
    fileprivate let cache: LogitCache
    let file: any ByteSource

    /// Reads logits `[row, vocabulary]` of a chunk.
    func rows(_ rows: Range<Int>, ofChunk index: Int) throws -> Matrix {
      let values = try file.floats(
        at: cache.offset(ofChunk: index) + rows.lowerBound * cache.rowLength * MemoryLayout<Float>.size,
        count: rows.count * cache.rowLength)
      return Matrix(rowCount: rows.count, columnCount: cache.rowLength, values: values)
        ?? Matrix(rowCount: 0, columnCount: 0)
    }
  }

  /// Writes a file chunk by chunk, in order; it appears when it is complete.
  struct Writer {
    private let cache: LogitCache
    private let file: AtomicFile
    private var digests: [String] = []
    private var hasher = FileDigest.Hasher()
    private var offset: Int

    init(_ cache: LogitCache) throws(FileError) {
      self.cache = cache
      file = try AtomicFile(cache.path, overwrite: .replace)
      offset = cache.headerByteCount
      try file.reserve(cache.offset(ofChunk: cache.rowCounts.count))
    }

    /// Appends the next rows of the current chunk.
    mutating func append(_ logits: Matrix) throws(FileError) {
      var bytes: [UInt8] = []
      NumPyFile.append(logits.values[...], to: &bytes)
      hasher.update(bytes[...])
      try file.write(bytes.span.bytes, at: offset)
      offset += bytes.count
    }

    mutating func finishChunk() {
      digests.append(hasher.finish())
      hasher = FileDigest.Hasher()
    }

    func commit() throws(FileError) {
      try file.write(cache.header(digests).span.bytes, at: 0)
      try file.commit()
    }
  }
}
