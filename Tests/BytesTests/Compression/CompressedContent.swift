import Bytes
import TestSupport

/// The content of the streams in fixtures/compressed, made as fixtures/generate/make_compressed.py makes it.
enum CompressedContent {
  static let bytes: [UInt8] = (0..<(3 << 20) + 5).map { (index: Int) -> UInt8 in
    let word = UInt32(truncatingIfNeeded: index / 1024) &* 2_654_435_761
    return UInt8(truncatingIfNeeded: word >> UInt32(index % 4 * 8))
  }

  /// What zlib.crc32 of Python gives for it.
  static let crc32: UInt32 = 0x0da2_1a84

  /// A committed file.
  static func file(_ name: String) throws -> LocalFile { try LocalFile(Fixtures.path("compressed", name)) }

  /// Its bytes.
  static func stored(_ name: String) throws -> [UInt8] { try file(name).wholeContent(limit: 1 << 20) }
}

extension CompressedContent {
  /// The open files of this process whose names are removed scratch files.
  static var scratchFileCount: Int {
    guard let names = try? FileSystem.list("/proc/self/fd") else { return 0 }
    return names.filter { FileSystem.resolvedLink("/proc/self/fd/" + $0)?.contains(".unpacked.ingot-") == true }.count
  }
}
