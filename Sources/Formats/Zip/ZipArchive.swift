import Bytes

// archive   = members directory end          (APPNOTE.TXT 6.3.10, 4.3; all numbers are little-endian)
//
// member    = 0 ┊ "PK\3\4" │ 4 ┊ version │ 6 ┊ flags u16 │ 8 ┊ method u16 │ 10 ┊ time │ 14 ┊ CRC-32 u32
//             18 ┊ compressed bytes u32 │ 22 ┊ bytes u32 │ 26 ┊ name length u16 │ 28 ┊ extra length u16
//             30 ┊ name, extra, data
// entry     = 0 ┊ "PK\1\2" │ 4 ┊ versions │ 8 ┊ flags u16 │ 10 ┊ method u16 │ 12 ┊ time │ 16 ┊ CRC-32 u32
//             20 ┊ compressed bytes u32 │ 24 ┊ bytes u32 │ 28 ┊ name length u16 │ 30 ┊ extra length u16
//             32 ┊ comment length u16 │ 34 ┊ disk u16 │ 36 ┊ attributes │ 42 ┊ offset of the member u32
//             46 ┊ name, extra, comment
// end       = 0 ┊ "PK\5\6" │ 4 ┊ disks 2 × u16 │ 8 ┊ entries 2 × u16 │ 12 ┊ directory bytes u32
//             16 ┊ directory offset u32 │ 20 ┊ comment length u16 │ 22 ┊ comment, up to the end of the file
//
// Where a number of an entry or of the end has all bits set, zip64 has it: in the field 1 of the entry's extra, as u64 in the
// order bytes, compressed bytes, offset; for the end in a record before it:
//
// locator   = 0 ┊ "PK\6\7" │ 4 ┊ disk u32 │ 8 ┊ offset of the record u64 │ 16 ┊ disks u32 │ 20 ┊ end
// record    = 0 ┊ "PK\6\6" │ 4 ┊ bytes that follow u64 │ 12 ┊ versions │ 16 ┊ disks 2 × u32 │ 24 ┊ entries 2 × u64
//             40 ┊ directory bytes u64 │ 48 ┊ directory offset u64 │ 56
//
// extra     = (id u16, length u16, bytes) …
//
// Bit 0 of the flags says that a member is encrypted. Bit 3 says that sizes and CRC-32 follow the data; then the member's own
// header may have 0 in their place.

/// The directory of a zip archive, checked against the members' own headers.
///
/// Reading it reads no member's data. All that it lists lies within the file, and no two members share bytes.
struct ZipArchive {
  /// The maximum bytes of a directory: that of 100,000 members has about 10 MB.
  static let maximumDirectoryByteCount = 64 << 20

  let file: any ByteSource
  /// The members in the order of the directory; folders are left out.
  let members: [ZipMember]
  private let indexByName: [ExactString: Int]

  /// Reads the directory of the archive that fills `range` of `file`: all of it by default.
  init(_ file: any ByteSource, in range: Range<Int>? = nil) throws(ZipError) {
    let reader = ZipReader(file, in: range ?? 0..<file.byteCount)
    self.file = file
    members = try reader.readMembers()
    indexByName = Dictionary(
      members.enumerated().map { (ExactString($1.name), $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Returns the member with this name.
  subscript(_ name: String) -> ZipMember? { indexByName[ExactString(name)].map { members[$0] } }

  /// Returns where the bytes of `member` can be read: in the file itself, or in a source that inflates them.
  ///
  /// - Throws: if the member is encrypted, or compressed otherwise than by deflate.
  func content(of member: ZipMember) throws(ZipError) -> ZipContent {
    guard !member.isEncrypted else { throw .encrypted(member.name) }
    switch member.method {
    case .stored: return ZipContent(source: file, offset: member.dataOffset, byteCount: member.byteCount)
    case .deflated:
      let source = InflatedSource(
        file, range: member.dataOffset..<member.dataEnd, byteCount: member.byteCount, crc32: member.crc32,
        path: "\(file.path):\(member.name)")
      return ZipContent(source: source, offset: 0, byteCount: member.byteCount)
    case .other(let number): throw .method(member.name, number)
    }
  }
}
