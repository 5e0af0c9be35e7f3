import Bytes
import Tensors

// An edit keeps everything but the pairs: version, records and data are the same bytes, and the offsets in the records
// count from the start of the data, so that the data may move as a whole.
//
//   0 ┊ "GGUF" version counts │ 24 ┊ pairs │ records │ padding │ data

extension GGUF {
  /// One GGUF file whose metadata is to be changed.
  public struct Editor: Sendable {
    /// The pairs, to be changed as one likes.
    public var metadata: Metadata
    private let file: InputFile
    private let original: Metadata
    private let version: UInt32
    private let tensorCount: Int
    private let records: [UInt8]
    private let dataOffset: Int

    /// Keys that the layout of the file follows from, with what to do instead of editing them.
    static let layoutKeys: KeyValuePairs<String, String> = [
      GGUF.alignmentKey: "it decides where every tensor lies; convert the file instead",
      "split.no": "it decides how the files of a set belong together; convert the set instead",
      "split.count": "it decides how the files of a set belong together; convert the set instead",
      "split.tensors.count": "it decides how the files of a set belong together; convert the set instead",
    ]

    /// Reads the file at `path`, alone even if it belongs to a set.
    ///
    /// - Throws: `LocatedError` of a `GGUFError` for a file that is no GGUF, is stored in the other byte order, or is a later
    ///   part of a set, which has no metadata of its own.
    public init(_ path: String) throws {
      file = try InputFile(path)
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
          throw .uneditable("is part \(index + 1) of a set, whose metadata stands in the first part")
        }
      } catch {
        throw LocatedError(path: path, fact: error)
      }
    }

    private static func bytes(_ file: InputFile, _ range: Range<Int>) throws(GGUFError) -> [UInt8] {
      do throws(FileError) {
        return try file.bytes(at: range.lowerBound, count: range.count)
      } catch {
        throw .unreadable(error)
      }
    }

    /// Throws unless `key` may be changed.
    public static func requireEditable(_ key: String) throws(MetadataEditingError) {
      if let reason = layoutKeys.first(where: { $0.key == key })?.value { throw .layoutKey(key, reason: reason) }
    }

    /// The file's beginning with the changed pairs, up to the data.
    func header() throws(GGUFError) -> [UInt8] {
      var header = try Layout.header(version: version, tensorCount: tensorCount, metadata: metadata)
      header += records
      let alignment = try GGUF.alignment(metadata)
      while header.count % alignment != 0 { header.append(0) }
      return header
    }

    /// Brings the changes into the file, in place where they fit the padding and are small, else by a new file.
    public func save() throws -> EditOutcome {
      guard metadata != original || metadata.pairs.keys != original.pairs.keys else { return .unchanged }
      return try EditOutcome.replacingHeader(of: file, dataOffset: dataOffset, by: try header())
    }

    /// Writes the file with the changes under another name.
    public func save(to path: String, overwrite policy: OverwritePolicy) throws {
      guard !FileSystem.isSameFile(path, file.path) else { throw FileError.isInput(path: path) }
      try AtomicFile.write(try header(), before: file, from: dataOffset, to: path, overwrite: policy)
    }
  }
}
