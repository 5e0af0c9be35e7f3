/// The bytes of a zip archive of stored members, each number of which a test can change.
struct ZipBuilder {
  struct Member {
    var name: String
    var content: [UInt8]
    var flags = 0, method = 0
    var crc32 = 0
    /// Numbers that are stated otherwise than they are.
    var statedCompressed: Int?, statedByteCount: Int?, statedOffset: Int?
    /// The name in the member's own header, if it is another.
    var headerName: String?
    /// Extra fields in the directory, and bytes of padding in the member's own header.
    var extra: [UInt8] = [], padding = 0

    init(_ name: String, _ content: [UInt8] = []) {
      self.name = name
      self.content = content
    }
  }

  var members: [Member]
  var comment: [UInt8] = []
  var statedEntryCount: Int?, statedDirectoryByteCount: Int?, statedDirectoryOffset: Int?
  var disk = 0
  /// Whether zip64 records state the numbers of the end.
  var hasZip64End = false

  init(_ members: [Member]) { self.members = members }

  var bytes: [UInt8] {
    var bytes: [UInt8] = [], directory: [UInt8] = []
    for member in members {
      let offset = member.statedOffset ?? bytes.count
      let sizes =
        number(member.crc32, 4) + number(member.statedCompressed ?? member.content.count, 4)
        + number(member.statedByteCount ?? member.content.count, 4)
      let start = number(20, 2) + number(member.flags, 2) + number(member.method, 2) + number(0, 4)
      let name = Array(member.name.utf8), own = Array((member.headerName ?? member.name).utf8)
      bytes += [0x50, 0x4B, 3, 4] + start + sizes + number(own.count, 2) + number(member.padding, 2) + own
      bytes += [UInt8](repeating: 0, count: member.padding) + member.content
      directory += [0x50, 0x4B, 1, 2] + number(20, 2) + start + sizes + number(name.count, 2)
      directory += number(member.extra.count, 2) + number(0, 2) + number(disk, 2) + number(0, 6)
      directory += number(offset, 4) + name + member.extra
    }
    let count = statedEntryCount ?? members.count
    let byteCount = statedDirectoryByteCount ?? directory.count, offset = statedDirectoryOffset ?? bytes.count
    bytes += directory
    if hasZip64End {
      let record = bytes.count
      bytes += [0x50, 0x4B, 6, 6] + number(44, 8) + number(0, 4) + number(0, 8) + number(count, 8) + number(count, 8)
      bytes += number(byteCount, 8) + number(offset, 8)
      bytes += [0x50, 0x4B, 6, 7] + number(0, 4) + number(record, 8) + number(1, 4)
    }
    bytes += [0x50, 0x4B, 5, 6] + number(disk, 2) + number(0, 2)
    bytes += number(hasZip64End ? 0xFFFF : count, 2) + number(hasZip64End ? 0xFFFF : count, 2)
    bytes += number(hasZip64End ? 0xFFFF_FFFF : byteCount, 4) + number(hasZip64End ? 0xFFFF_FFFF : offset, 4)
    return bytes + number(comment.count, 2) + comment
  }

  private func number(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { $0 < 8 ? UInt8(truncatingIfNeeded: value >> (8 * $0)) : 0 }
  }
}
