import Bytes

/// The bytes of a zip archive to write, apart from the data of its large members (`ZipArchive` has the drawing).
///
/// Members are stored, and the data of each begins at a multiple of `alignment`: a field of extra data in its header fills
/// the gap, with the id that torch gives it. Times are 0, so that equal members give equal bytes. Numbers that do not fit
/// into 32 bits are in fields of zip64.
public struct ZipLayout: Sendable {
  /// torch maps storages into memory, so their elements must be aligned (`caffe2/serialize/inline_container.cc`).
  static let alignment = 64

  /// The data of a member.
  public enum Content: Sendable {
    case bytes([UInt8])
    /// Bytes that are written apart from the layout, whose CRC-32 is known at the end.
    case data(byteCount: Int)

    var byteCount: Int {
      switch self {
      case .bytes(let bytes): bytes.count
      case .data(let count): count
      }
    }
  }

  private struct Member {
    let name: [UInt8]
    let content: Content
    let headerOffset: Int, dataOffset: Int

    /// The numbers of the directory's entry that do not fit into 32 bits: both sizes, then the offset.
    var wideNumbers: [Int] {
      let count = content.byteCount
      return (count >= ZipLayout.greatest ? [count, count] : [])
        + (headerOffset >= ZipLayout.greatest ? [headerOffset] : [])
    }
  }

  private static let headerByteCount = 30, entryByteCount = 46, endByteCount = 22
  private static let zip64EndByteCount = 56 + 20
  /// The id of the field that fills a gap, "FB", and the byte in it.
  private static let paddingID: UInt16 = 0x4246, paddingByte = UInt8(ascii: "Z")
  private static let zip64ID: UInt16 = 1
  /// Names are UTF-8.
  private static let flags: UInt16 = 1 << 11
  private static let greatest = Int(UInt32.max), greatestEntryCount = Int(UInt16.max)

  private let members: [Member]
  private let directoryOffset: Int, directoryByteCount: Int
  /// The size of the archive in bytes.
  public let fileByteCount: Int

  /// Lays out members in this order; nil if the file would be larger than any can be.
  public init?(_ contents: [(name: String, content: Content)]) {
    var members: [Member] = [], position = 0, directory = 0
    for (name, content) in contents {
      let bytes = Array(name.utf8), isWide = content.byteCount >= Self.greatest
      guard position < Int.max / 4, content.byteCount < Int.max / 4 else { return nil }
      let fields = Self.headerByteCount + bytes.count + (isWide ? 20 : 0) + 4
      let end = position + fields
      let dataOffset = (end + Self.alignment - 1) / Self.alignment * Self.alignment
      members.append(Member(name: bytes, content: content, headerOffset: position, dataOffset: dataOffset))
      position = dataOffset + content.byteCount
      directory += Self.entryByteCount + bytes.count + Self.wideField(members[members.count - 1].wideNumbers).count
    }
    self.members = members
    directoryOffset = position
    directoryByteCount = directory
    let isWide =
      members.count >= Self.greatestEntryCount || position >= Self.greatest || directory >= Self.greatest
    fileByteCount = position + directory + Self.endByteCount + (isWide ? Self.zip64EndByteCount : 0)
  }

  /// The offsets of the data of all members, in order.
  public var dataOffsets: [Int] { members.map(\.dataOffset) }

  /// The bytes of each member whose data is written apart, in order.
  public var dataRanges: [Range<Int>] {
    members.compactMap {
      guard case .data(let count) = $0.content else { return nil }
      return $0.dataOffset..<$0.dataOffset + count
    }
  }

  /// Everything but that data: headers, small members and the directory, with the offset of each.
  ///
  /// - Parameter checksums: the CRC-32 of each member whose data is written apart, in order.
  public func records(checksums: [UInt32]) -> [(offset: Int, bytes: [UInt8])] {
    var checksums = checksums[...], records: [(offset: Int, bytes: [UInt8])] = [], directory: [UInt8] = []
    for member in members {
      var record: [UInt8], sum: UInt32
      switch member.content {
      case .bytes(let bytes):
        var own = CRC32()
        own.update(bytes.span.bytes)
        sum = own.value
        record = header(of: member, sum) + bytes
      case .data:
        sum = checksums.popFirst() ?? 0
        record = header(of: member, sum)
      }
      records.append((member.headerOffset, record))
      directory += entry(of: member, sum)
    }
    return records + [(directoryOffset, directory + end)]
  }

  private func header(of member: Member, _ checksum: UInt32) -> [UInt8] {
    let count = member.content.byteCount, isWide = count >= Self.greatest
    var extra = isWide ? Self.wideField([count, count]) : []
    let start = member.headerOffset + Self.headerByteCount + member.name.count + extra.count + 4
    extra.appendLittleEndian(Self.paddingID)
    extra.appendLittleEndian(UInt16(member.dataOffset - start))
    extra += [UInt8](repeating: Self.paddingByte, count: member.dataOffset - start)
    var bytes: [UInt8] = [0x50, 0x4B, 3, 4]
    bytes.appendLittleEndian(Self.version(isWide: isWide))
    bytes += Self.facts(of: count, checksum)
    bytes.appendLittleEndian(UInt16(member.name.count))
    bytes.appendLittleEndian(UInt16(extra.count))
    return bytes + member.name + extra
  }

  private func entry(of member: Member, _ checksum: UInt32) -> [UInt8] {
    let extra = Self.wideField(member.wideNumbers), version = Self.version(isWide: !extra.isEmpty)
    var bytes: [UInt8] = [0x50, 0x4B, 1, 2]
    bytes.appendLittleEndian(version)
    bytes.appendLittleEndian(version)
    bytes += Self.facts(of: member.content.byteCount, checksum)
    bytes.appendLittleEndian(UInt16(member.name.count))
    bytes.appendLittleEndian(UInt16(extra.count))
    // No comment, the first disk, no attributes.
    bytes += [UInt8](repeating: 0, count: 10)
    bytes.appendLittleEndian(Self.narrow(member.headerOffset))
    return bytes + member.name + extra
  }

  /// Flags, method, time, CRC-32 and both sizes, which headers and entries have alike.
  private static func facts(of byteCount: Int, _ checksum: UInt32) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(flags)
    bytes += [UInt8](repeating: 0, count: 6)
    bytes.appendLittleEndian(checksum)
    bytes.appendLittleEndian(narrow(byteCount))
    bytes.appendLittleEndian(narrow(byteCount))
    return bytes
  }

  private var end: [UInt8] {
    var bytes: [UInt8] = []
    if fileByteCount > directoryOffset + directoryByteCount + Self.endByteCount {
      bytes += [0x50, 0x4B, 6, 6]
      bytes.appendLittleEndian(UInt64(44))
      bytes.appendLittleEndian(Self.version(isWide: true))
      bytes.appendLittleEndian(Self.version(isWide: true))
      bytes.appendLittleEndian(UInt64(0))
      for number in [members.count, members.count, directoryByteCount, directoryOffset] {
        bytes.appendLittleEndian(UInt64(number))
      }
      bytes += [0x50, 0x4B, 6, 7]
      bytes.appendLittleEndian(UInt32(0))
      bytes.appendLittleEndian(UInt64(directoryOffset + directoryByteCount))
      bytes.appendLittleEndian(UInt32(1))
    }
    bytes += [0x50, 0x4B, 5, 6]
    bytes.appendLittleEndian(UInt32(0))
    for _ in 0..<2 { bytes.appendLittleEndian(UInt16(min(members.count, Self.greatestEntryCount))) }
    bytes.appendLittleEndian(Self.narrow(directoryByteCount))
    bytes.appendLittleEndian(Self.narrow(directoryOffset))
    bytes.appendLittleEndian(UInt16(0))
    return bytes
  }

  /// The version of the format that a reader needs: 4.5 for zip64.
  private static func version(isWide: Bool) -> UInt16 { isWide ? 45 : 20 }

  /// The number, or all bits if zip64 has it.
  private static func narrow(_ number: Int) -> UInt32 { UInt32(min(number, greatest)) }

  /// The field of zip64 with `numbers`; empty without any.
  private static func wideField(_ numbers: [Int]) -> [UInt8] {
    guard !numbers.isEmpty else { return [] }
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(zip64ID)
    bytes.appendLittleEndian(UInt16(numbers.count * 8))
    for number in numbers { bytes.appendLittleEndian(UInt64(number)) }
    return bytes
  }
}
