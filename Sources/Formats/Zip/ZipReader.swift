import Bytes

/// Reads the end, the directory and the headers of an archive, in this order.
struct ZipReader {
  private static let endByteCount = 22, locatorByteCount = 20, recordByteCount = 56
  private static let entryByteCount = 46, headerByteCount = 30
  /// The end has at most this many bytes, with its comment.
  private static let maximumEndByteCount = endByteCount + 0xFFFF

  private let file: any ByteSource
  /// The bytes of the archive in the file; its offsets count from the first.
  private let range: Range<Int>

  init(_ file: any ByteSource, in range: Range<Int>) {
    self.file = file
    self.range = range
  }

  func readMembers() throws(ZipError) -> [ZipMember] {
    let directory = try readEnd()
    let bytes = try read(at: directory.offset, count: directory.byteCount)
    var entries: [ZipEntry] = []
    var names: Set<ExactString> = []
    var start = 0
    for index in 0..<directory.entryCount {
      let entry = try entry(bytes, at: &start, index: index, count: directory.entryCount)
      guard names.insert(ExactString(entry.name)).inserted else { throw .duplicateName(entry.name) }
      entries.append(entry)
    }
    guard start == bytes.count else { throw .directoryContinues(byteCount: bytes.count - start) }
    var members: [ZipMember] = []
    for entry in entries where !entry.name.hasSuffix("/") {
      members.append(try member(entry, directoryOffset: directory.offset))
    }
    try requireDisjoint(members)
    return members
  }

  // MARK: - The end

  private struct Directory {
    let offset: Int, byteCount: Int, entryCount: Int
  }

  /// Finds the last record that ends where the archive does, and what it says of the directory.
  private func readEnd() throws(ZipError) -> Directory {
    guard range.count >= Self.endByteCount else { throw .noEnd }
    // Most archives have no comment.
    let shortest = try read(at: range.count - Self.endByteCount, count: Self.endByteCount)
    let hasComment = !Self.hasSignature(shortest, at: 0, 5, 6) || Self.number(shortest, 20, 2) != 0
    let count = hasComment ? min(range.count, Self.maximumEndByteCount) : Self.endByteCount
    let tail = hasComment ? try read(at: range.count - count, count: count) : shortest
    let starts = stride(from: count - Self.endByteCount, through: 0, by: -1)
    guard
      let start = starts.first(where: { start in
        Self.hasSignature(tail, at: start, 5, 6)
          && Int(Self.number(tail, start + 20, 2)) == count - start - Self.endByteCount
      })
    else { throw .noEnd }
    let position = range.count - count + start
    let disks = (Self.number(tail, start + 4, 2), Self.number(tail, start + 6, 2))
    let counts = (Self.number(tail, start + 8, 2), Self.number(tail, start + 10, 2))
    let byteCount = Self.number(tail, start + 12, 4), offset = Self.number(tail, start + 16, 4)
    if let record = try zip64Record(before: position) { return record }
    guard disks == (0, 0), counts.0 == counts.1 else { throw .severalDisks }
    return try directory(offset: offset, byteCount: byteCount, entryCount: counts.0, before: position)
  }

  /// The directory as the zip64 record says; nil without a locator before the end at `position`.
  private func zip64Record(before position: Int) throws(ZipError) -> Directory? {
    guard position >= Self.locatorByteCount else { return nil }
    let locator = try read(at: position - Self.locatorByteCount, count: Self.locatorByteCount)
    guard Self.hasSignature(locator, at: 0, 6, 7) else { return nil }
    guard Self.number(locator, 4, 4) == 0, Self.number(locator, 16, 4) <= 1 else { throw .severalDisks }
    let limit = position - Self.locatorByteCount
    guard let offset = Int(exactly: Self.number(locator, 8, 8)), offset <= limit - Self.recordByteCount else {
      throw .noRecord("zip64 record", offset: Int(clamping: Self.number(locator, 8, 8)))
    }
    let record = try read(at: offset, count: Self.recordByteCount)
    guard Self.hasSignature(record, at: 0, 6, 6) else { throw .noRecord("zip64 record", offset: offset) }
    guard Self.number(record, 16, 4) == 0, Self.number(record, 20, 4) == 0,
      Self.number(record, 24, 8) == Self.number(record, 32, 8)
    else { throw .severalDisks }
    return try directory(
      offset: Self.number(record, 48, 8), byteCount: Self.number(record, 40, 8),
      entryCount: Self.number(record, 24, 8), before: offset)
  }

  private func directory(
    offset: UInt64, byteCount: UInt64, entryCount: UInt64, before limit: Int
  ) throws(ZipError) -> Directory {
    let (end, overflow) = offset.addingReportingOverflow(byteCount)
    guard !overflow, end <= UInt64(limit), let offset = Int(exactly: offset), let byteCount = Int(exactly: byteCount)
    else { throw .directoryOutOfBounds(offset: offset, byteCount: byteCount, limit: limit) }
    guard byteCount <= ZipArchive.maximumDirectoryByteCount else {
      throw .directoryTooLarge(byteCount: byteCount, limit: ZipArchive.maximumDirectoryByteCount)
    }
    guard entryCount <= UInt64(byteCount / Self.entryByteCount) else {
      throw .tooManyEntries(entryCount, directoryByteCount: byteCount)
    }
    return Directory(offset: offset, byteCount: byteCount, entryCount: Int(entryCount))
  }

  // MARK: - The directory

  private func entry(
    _ bytes: [UInt8], at start: inout Int, index: Int, count: Int
  ) throws(ZipError) -> ZipEntry {
    guard bytes.count - start >= Self.entryByteCount, Self.hasSignature(bytes, at: start, 1, 2) else {
      throw .entryCutOff(index: index, count: count)
    }
    let nameStart = start + Self.entryByteCount
    let nameEnd = nameStart + Int(Self.number(bytes, start + 28, 2))
    let extraEnd = nameEnd + Int(Self.number(bytes, start + 30, 2))
    let end = extraEnd + Int(Self.number(bytes, start + 32, 2))
    guard end <= bytes.count else { throw .entryCutOff(index: index, count: count) }
    guard let name = String(validating: bytes[nameStart..<nameEnd], as: UTF8.self) else {
      throw .nameNotUTF8(index: index)
    }
    let folder = name.utf8.last == UInt8(ascii: "/") ? String(name.utf8.dropLast()) ?? "" : name
    guard let path = ShardName.pathInFolder(folder), ExactString(path) == ExactString(folder),
      !folder.utf8.contains(UInt8(ascii: "\\"))
    else { throw .hostileName(name) }
    var entry = ZipEntry(
      name: name, flags: Self.number(bytes, start + 8, 2), method: Self.number(bytes, start + 10, 2),
      crc32: UInt32(truncatingIfNeeded: Self.number(bytes, start + 16, 4)),
      compressedByteCount: Self.number(bytes, start + 20, 4), byteCount: Self.number(bytes, start + 24, 4),
      offset: Self.number(bytes, start + 42, 4))
    guard [0, 0xFFFF].contains(Self.number(bytes, start + 34, 2)) else { throw .severalDisks }
    try entry.widen(bytes[nameEnd..<extraEnd])
    start = end
    return entry
  }

  // MARK: - Members

  /// Reads the header of a member, which must agree with the directory.
  private func member(_ entry: ZipEntry, directoryOffset limit: Int) throws(ZipError) -> ZipMember {
    func outOfBounds(_ offset: UInt64, _ byteCount: UInt64) -> ZipError {
      .outOfBounds(entry.name, offset: offset, byteCount: byteCount, limit: limit)
    }
    guard let offset = Int(exactly: entry.offset), offset <= limit - Self.headerByteCount else {
      throw outOfBounds(entry.offset, UInt64(Self.headerByteCount))
    }
    let nameByteCount = entry.name.utf8.count
    let header = try read(at: offset, count: min(Self.headerByteCount + nameByteCount, limit - offset))
    guard Self.hasSignature(header, at: 0, 3, 4) else {
      throw .noRecord("header of member \(entry.name.quoted)", offset: offset)
    }
    guard Int(Self.number(header, 26, 2)) == nameByteCount,
      header.dropFirst(Self.headerByteCount).elementsEqual(entry.name.utf8)
    else { throw .headerDiffers(entry.name, field: "the name") }
    let flags = Self.number(header, 6, 2)
    guard Self.number(header, 8, 2) == entry.method else { throw .headerDiffers(entry.name, field: "the method") }
    guard (flags ^ entry.flags) & 1 == 0 else { throw .headerDiffers(entry.name, field: "encryption") }
    // The numbers may follow the data, or stand in a zip64 field.
    func agrees(_ found: UInt64, _ stated: UInt64) -> Bool {
      found == stated || found == 0xFFFF_FFFF || (flags & 8 != 0 && found == 0)
    }
    guard agrees(Self.number(header, 14, 4), UInt64(entry.crc32)) else {
      throw .headerDiffers(entry.name, field: "the CRC-32")
    }
    guard agrees(Self.number(header, 18, 4), entry.compressedByteCount),
      agrees(Self.number(header, 22, 4), entry.byteCount)
    else { throw .headerDiffers(entry.name, field: "the size") }
    let dataOffset = offset + Self.headerByteCount + nameByteCount + Int(Self.number(header, 28, 2))
    guard dataOffset <= limit, entry.compressedByteCount <= UInt64(limit - dataOffset),
      let byteCount = Int(exactly: entry.byteCount)
    else { throw outOfBounds(UInt64(dataOffset), entry.compressedByteCount) }
    let member = ZipMember(
      name: entry.name, method: entry.method == 0 ? .stored : entry.method == 8 ? .deflated : .other(Int(entry.method)),
      isEncrypted: entry.flags & 1 != 0, crc32: entry.crc32, compressedByteCount: Int(entry.compressedByteCount),
      byteCount: byteCount, headerOffset: range.lowerBound + offset, dataOffset: range.lowerBound + dataOffset)
    try requireSizes(member)
    return member
  }

  private func requireSizes(_ member: ZipMember) throws(ZipError) {
    let compressed = member.compressedByteCount, byteCount = member.byteCount
    switch member.method {
    case .stored where !member.isEncrypted && compressed != byteCount:
      throw .storedSize(member.name, compressed: compressed, byteCount: byteCount)
    case .deflated where byteCount / ZipMember.maximumExpansion > compressed:
      throw .expansion(member.name, compressed: compressed, byteCount: byteCount)
    default: break
    }
  }

  /// Throws if two members share bytes, as in archives that unpack to more than any file could.
  private func requireDisjoint(_ members: [ZipMember]) throws(ZipError) {
    var previous: ZipMember?
    for member in members.sorted(by: { ($0.headerOffset, $0.dataEnd) < ($1.headerOffset, $1.dataEnd) }) {
      if let previous, member.headerOffset < previous.dataEnd { throw .overlap(member.name, previous.name) }
      previous = member
    }
  }

  // MARK: - Bytes

  private func read(at offset: Int, count: Int) throws(ZipError) -> [UInt8] {
    do throws(FileError) {
      return try file.bytes(at: range.lowerBound + offset, count: count)
    } catch {
      throw .unreadable(error)
    }
  }

  private static func hasSignature(_ bytes: [UInt8], at offset: Int, _ third: UInt8, _ fourth: UInt8) -> Bool {
    bytes.count - offset >= 4 && bytes[offset] == 0x50 && bytes[offset + 1] == 0x4B && bytes[offset + 2] == third
      && bytes[offset + 3] == fourth
  }

  /// The little-endian number of `count` bytes at `offset`; both are within a record of fixed length.
  private static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
    bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
