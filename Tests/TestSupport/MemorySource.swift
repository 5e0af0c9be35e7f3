import Bytes
import Synchronization

/// A file in memory that records which of its bytes are read.
public final class MemorySource: ByteSource {
  public let path: String
  /// The content.
  public let bytes: [UInt8]
  private let log = Mutex<[Range<Int>]>([])
  private let isChanged = Mutex(false)

  /// A file called `path` with `bytes`.
  public init(path: String, _ bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }

  public var byteCount: Int { bytes.count }

  public func read(at offset: Int, count: Int, into buffer: inout MutableRawSpan, at position: Int) throws(FileError) {
    guard offset >= 0, count >= 0, offset + count <= bytes.count else {
      throw .endsEarly(path: path, offset: bytes.count, expected: offset + count)
    }
    log.withLock { $0.append(offset..<offset + count) }
    for index in 0..<count {
      buffer.storeBytes(of: bytes[offset + index], toByteOffset: position + index, as: UInt8.self)
    }
  }

  public func requireUnchanged() throws(FileError) {
    if isChanged.withLock({ $0 }) { throw .changedWhileReading(path: path) }
  }

  /// Makes the source one that changed after it was opened.
  public func change() { isChanged.withLock { $0 = true } }

  /// The ranges that were read, in the order of the reads.
  public var readRanges: [Range<Int>] { log.withLock { $0 } }

  /// Forgets what was read so far.
  public func forgetReads() { log.withLock { $0 = [] } }
}
