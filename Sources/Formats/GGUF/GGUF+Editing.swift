import Bytes
import Tensors

// An edit keeps everything except the pairs: version, records and data are the same bytes. The offsets in the records
// count from the start of the data, so the data may move as a whole.
//
//   0 ┊ "GGUF" version counts │ 24 ┊ pairs │ records │ padding │ data

extension GGUF {
  /// Edits the metadata of one GGUF file.
  public struct Editor: Sendable {
    /// The pairs; edit them, then save.
    public var metadata: Metadata
    private let file: any ByteSource
    private let original: Metadata
    private let version: UInt32
    private let tensorCount: Int
    private let records: [UInt8]
    private let dataOffset: Int

    /// Keys that determine the layout of the file, with the reason and what to do instead.
    static let layoutKeys: KeyValuePairs<String, String> = [
      GGUF.alignmentKey: "it determines the offset of every tensor; convert the file instead",
      "split.no": "it determines which shards belong together; convert the model instead",
      "split.count": "it determines which shards belong together; convert the model instead",
      "split.tensors.count": "it determines which shards belong together; convert the model instead",
    ]

    /// Reads only the file at `path`, not the set that it may belong to.
    ///
    /// - Throws: `LocatedError` of a `GGUFError` for a file that is not a GGUF, is big-endian, or is a later shard of
    ///   its set and has no metadata.
    public init(_ path: String) throws {
      file = try InputLocation.openUnpacked(path)
      do throws(GGUFError) {
        var reader = Reader(file)
        let header = try reader.readHeader()
        guard reader.cursor.byteOrder == .littleEndian else {
          throw .uneditable("is big-endian, expected little-endian")
        }
        metadata = try reader.readPairs(header.pairCount)
        let pairsEnd = reader.cursor.offset
        let alignment = try GGUF.alignment(metadata)
        _ = try reader.readRecords(header.tensorCount, alignment: alignment)
        let end = reader.cursor.offset
        original = metadata
        version = header.version
        tensorCount = header.tensorCount
        guard let aligned = end.aligned(to: alignment) else { throw .fileTooLarge }
        // A file without tensors may end before the padding.
        dataOffset = min(aligned, file.byteCount)
        records = try Self.bytes(file, pairsEnd..<end)
        if let index = metadata["split.no"]?.integer, index > 0 {
          throw .uneditable("is shard \(index + 1) of a split GGUF, whose metadata is in the first shard")
        }
      } catch {
        throw LocatedError(path: path, reason: error)
      }
    }

    private static func bytes(_ file: any ByteSource, _ range: Range<Int>) throws(GGUFError) -> [UInt8] {
      do throws(FileError) {
        return try file.bytes(at: range.lowerBound, count: range.count)
      } catch {
        throw .unreadable(error)
      }
    }

    /// Throws unless `key` may be edited.
    public static func requireEditable(_ key: String) throws(MetadataEditingError) {
      if let reason = layoutKeys.first(where: { $0.key == key })?.value { throw .layoutKey(key, reason: reason) }
    }

    /// Returns the file up to the data, with the edited pairs.
    func header() throws(GGUFError) -> [UInt8] {
      var header = try Layout.header(version: version, tensorCount: tensorCount, metadata: metadata)
      header += records
      let alignment = try GGUF.alignment(metadata)
      while header.count % alignment != 0 { header.append(0) }
      return header
    }

    /// Writes the changes into the file, in place if they are small and fit the padding, otherwise through a new file.
    public func save() throws -> EditOutcome {
      guard metadata != original || metadata.pairs.keys != original.pairs.keys else { return .unchanged }
      return try EditOutcome.replacingHeader(of: file, dataOffset: dataOffset, by: try header())
    }

    /// Writes the file with the changes under another name.
    public func save(to path: String, overwrite policy: OverwritePolicy) throws {
      guard !file.isFile(at: path) else { throw FileError.isInput(path: path) }
      try AtomicFile.write(try header(), before: file, from: dataOffset, to: path, overwrite: policy)
    }
  }
}
