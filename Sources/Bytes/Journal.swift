import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Lines about unfinished work that outlive a killed run or a power cut: each is on the disk when `append` returns.
///
/// It is called `.NAME.ingot-journal`, next to the output NAME, and one run at a time has it.
public final class Journal: Sendable {
  /// A longer one is none of ours.
  private static let maximumByteCount = 1 << 30

  public let path: String
  /// The complete lines that earlier runs left.
  public let lines: [[UInt8]]
  private let descriptor: FileDescriptor

  /// Opens the journal of the output at `finalPath`, or creates it. A line that was cut off is removed.
  ///
  /// - Throws: also if another run has it open.
  public init(for finalPath: String) throws {
    path = TemporaryName.kept(for: finalPath, as: "journal")
    descriptor = try TemporaryName.openKept(path, for: finalPath)
    do {
      let bytes = try LocalFile(path).wholeContent(limit: Self.maximumByteCount)
      let end = bytes.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
      lines = Self.completeLines(bytes)
      guard ftruncate(descriptor.rawValue, off_t(end)) == 0, lseek(descriptor.rawValue, off_t(end), SEEK_SET) >= 0
      else { throw FileError.cannotWrite(path: path, errno: Errno(rawValue: errno)) }
      try AtomicFile.flushFolder(Path.folder(of: path))
    } catch {
      try? descriptor.close()
      throw error
    }
  }

  /// The lines of the journal of the output at `finalPath`; none if there is none.
  public static func lines(for finalPath: String) throws -> [[UInt8]] {
    let path = TemporaryName.kept(for: finalPath, as: "journal")
    guard FileSystem.kind(of: path) == .regular else { return [] }
    return completeLines(try LocalFile(path).wholeContent(limit: maximumByteCount))
  }

  private static func completeLines(_ bytes: [UInt8]) -> [[UInt8]] {
    bytes[..<(bytes.lastIndex(of: 0x0A) ?? 0)].split(separator: 0x0A).map(Array.init)
  }

  deinit { try? descriptor.close() }

  /// Appends a line without a line break in it; calls come one after the other.
  public func append(_ line: [UInt8]) throws(FileError) {
    do {
      try descriptor.writeAll(line + [0x0A])
    } catch {
      throw .cannotWrite(path: path, errno: error as? Errno ?? .ioError)
    }
    guard fsync(descriptor.rawValue) == 0 else { throw .cannotWrite(path: path, errno: Errno(rawValue: errno)) }
  }

  /// Removes it: the work is done.
  public func remove() { unlink(path) }
}
