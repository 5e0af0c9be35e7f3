import Bytes

/// The way in which an edit was written to disk.
public enum EditOutcome: String, Sendable {
  /// No byte differed.
  case unchanged
  /// The bytes that differ were overwritten in the file.
  case inPlace = "in place"
  /// A new file replaced the old one.
  case rewritten

  /// Up to this many bytes are overwritten in place; more could be half written in a power failure.
  static let inPlaceByteLimit = 4096

  /// Replaces the header of `file`, whose data begins at `dataOffset`: in place if the data does not move and little
  /// differs, otherwise by a new file with the same data.
  ///
  /// - Throws: `MetadataEditingError.compressed` if `file` is the content of a compressed file.
  static func replacingHeader(
    of file: any ByteSource, dataOffset: Int, by header: [UInt8]
  ) throws -> EditOutcome {
    guard (file as? UnpackedFile)?.compression == nil else {
      throw LocatedError(path: file.path, reason: MetadataEditingError.compressed)
    }
    if header.count == dataOffset {
      let old = try file.bytes(at: 0, count: dataOffset)
      let differing = header.indices.filter { header[$0] != old[$0] }
      guard let first = differing.first, let last = differing.last else { return .unchanged }
      if last - first < inPlaceByteLimit {
        try file.requireUnchanged()
        try FilePatch.write(Array(header[first...last]), at: first, to: file.path)
        return .inPlace
      }
    }
    try AtomicFile.write(header, before: file, from: dataOffset, to: file.path, overwrite: .replace)
    return .rewritten
  }
}
