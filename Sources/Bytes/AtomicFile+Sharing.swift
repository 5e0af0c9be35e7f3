#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// btrfs, XFS and others let two files have the same blocks of the disk until one of them is written to. Bytes that are
// shared so take neither time nor room. The kernel shares only whole blocks, at the same offset within a block:
//
//   source  │····─────┼─────────┼─────────┼──·····│        ─ bytes that are wanted
//   target      │────·┼─────────┼─────────┼──·│            · of the blocks at the ends the wanted bytes are copied
//                     └─ shared ─────────┘

extension AtomicFile {
  /// Bytes of the blocks that files share: the default of btrfs and XFS.
  ///
  /// Where a file system has larger ones, the kernel refuses and bytes are copied.
  public static let sharedBlockByteCount = 4096

  /// Shares the bytes of `source` from `start` on with this file at `offset`, where the file system can.
  ///
  /// - Returns: the bytes of this file that are shared now, whole blocks within the `count` bytes at `offset`; an empty
  ///   range at `offset` if the file system shares nothing or the offsets within a block differ.
  public func share(_ source: any ByteSource, from start: Int, count: Int, to offset: Int) -> Range<Int> {
    let whole = Self.wholeBlocks(from: start, count: count, to: offset)
    #if os(Linux)
      let from = start + whole.lowerBound - offset
      if !whole.isEmpty, let file = source.localFile,
        Self.cloneRange(file.descriptor.rawValue, from, whole.count, descriptor.rawValue, whole.lowerBound)
      {
        file.noteRead(from..<from + whole.count)
        return whole
      }
    #endif
    // APFS shares files as a whole only.
    return offset..<offset
  }

  /// The bytes of the target that are whole blocks in both files; none, at `offset`, where there are none.
  static func wholeBlocks(from start: Int, count: Int, to offset: Int) -> Range<Int> {
    let block = sharedBlockByteCount
    let first = (offset + block - 1) / block * block, end = (offset + count) / block * block
    guard (start - offset).isMultiple(of: block), first < end else { return offset..<offset }
    return first..<end
  }

  #if os(Linux)
    /// `FICLONERANGE` of linux/fs.h, `_IOW(0x94, 13, struct file_clone_range)`: a macro that Swift does not see.
    ///
    /// Direction 1 in bits 30 and 31, the 32 bytes of the structure in bits 16 to 29, then 0x94 and 13. Processors that
    /// number it otherwise (PowerPC, MIPS, SPARC) get an error, and bytes are copied.
    private static let cloneRangeRequest: UInt = 1 << 30 | 32 << 16 | 0x94 << 8 | 13

    /// Whether the kernel shared the range. Any refusal will do: the range is copied then, and a failure of that is reported.
    private static func cloneRange(
      _ source: Int32, _ sourceOffset: Int, _ count: Int, _ target: Int32, _ targetOffset: Int
    ) -> Bool {
      // struct file_clone_range: four 64-bit numbers.
      var arguments = [Int64(source), Int64(sourceOffset), Int64(count), Int64(targetOffset)]
      while true {
        let result = arguments.withUnsafeMutableBytes { buffer in
          buffer.baseAddress.map { ioctl(target, cloneRangeRequest, $0) } ?? -1
        }
        guard result != 0, errno == EINTR else { return result == 0 }
      }
    }
  #endif
}

extension Range<Int> {
  /// The ranges before and after `part`, which is within this range; empty ones are left out.
  public func outside(_ part: Range<Int>) -> [Range<Int>] {
    [lowerBound..<part.lowerBound, part.upperBound..<upperBound].filter { !$0.isEmpty }
  }
}
