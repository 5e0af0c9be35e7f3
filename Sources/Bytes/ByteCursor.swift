/// The order of the bytes of a number in a file.
public enum ByteOrder: String, Sendable {
  case littleEndian = "little-endian"
  case bigEndian = "big-endian"
}

/// A bounded position in a file or in memory; every read is checked and located.
///
/// A file is read through a window that is refilled as the cursor moves, so a header of any length costs one window
/// of memory. Offsets are absolute positions in the file.
public struct ByteCursor {
  /// A read that cannot be done.
  public enum Failure: Error, Sendable {
    /// Fewer bytes remain than the value needs.
    case endOfData(offset: Int, needed: Int, remaining: Int)
    /// The file itself failed.
    case file(FileError)
  }

  /// The bytes read from the file at a time.
  @usableFromInline static let windowByteCount = 1 << 18

  /// The absolute offset of the next byte.
  public internal(set) var offset: Int
  /// The absolute offset after the last byte that may be read.
  public let end: Int
  /// The byte order of numbers.
  public var byteOrder: ByteOrder

  var window: [UInt8]
  var windowStart: Int
  private let source: (any ByteSource)?

  /// A cursor over the bytes `start..<end` of a file.
  public init(_ source: any ByteSource, from start: Int = 0, byteOrder: ByteOrder = .littleEndian) {
    self.source = source
    self.byteOrder = byteOrder
    offset = start
    end = source.byteCount
    window = []
    windowStart = start
  }

  /// A cursor over bytes in memory; offsets count from the first.
  public init(_ bytes: [UInt8], byteOrder: ByteOrder = .littleEndian) {
    source = nil
    self.byteOrder = byteOrder
    offset = 0
    end = bytes.count
    window = bytes
    windowStart = 0
  }

  /// The bytes between the cursor and the end.
  public var remaining: Int { end - offset }

  /// Reads an integer in the cursor's byte order.
  @inlinable
  public mutating func read<T: FixedWidthInteger>(_: T.Type) throws(Failure) -> T {
    var value: T = 0
    let size = MemoryLayout<T>.size
    let start = try advance(size)
    withBytes(start, size) { stored in
      withUnsafeMutableBytes(of: &value) { $0.copyMemory(from: stored) }
    }
    return byteOrder == .littleEndian ? T(littleEndian: value) : T(bigEndian: value)
  }

  /// Reads a 32-bit IEEE number.
  public mutating func readFloat() throws(Failure) -> Float { Float(bitPattern: try read(UInt32.self)) }

  /// Reads `count` bytes; `count` is compared with the remaining bytes before anything is allocated.
  public mutating func readBytes(_ count: Int) throws(Failure) -> [UInt8] {
    guard count > 0 else { return count == 0 ? [] : try endOfData(count) }
    var bytes: [UInt8] = []
    try readBytes(count, appendingTo: &bytes)
    return bytes
  }

  /// Appends the next `count` bytes to `bytes`.
  public mutating func readBytes(_ count: Int, appendingTo bytes: inout [UInt8]) throws(Failure) {
    guard count >= 0, count <= remaining else { return try endOfData(count) }
    // An exact reservation for each short read would defeat the array's geometric growth.
    if count > Self.windowByteCount { bytes.reserveCapacity(bytes.count + count) }
    var left = count
    while left > 0 {
      let step = min(left, Self.windowByteCount)
      let start = try advance(step)
      bytes.append(contentsOf: window[start..<start + step])
      left -= step
    }
  }

  /// Moves on by `count` bytes without looking at them.
  public mutating func skip(_ count: Int) throws(Failure) {
    guard count >= 0, count <= remaining else { return try endOfData(count) }
    offset += count
  }

  /// Checks that `count` records of at least `minimumByteCount` bytes can still follow; returns the count.
  ///
  /// To be asked before any allocation that depends on a count from the file.
  public func requireRemaining(_ count: UInt64, of minimumByteCount: Int) throws(Failure) -> Int {
    let (needed, overflow) = count.multipliedReportingOverflow(by: UInt64(minimumByteCount))
    guard !overflow, needed <= UInt64(remaining), let exact = Int(exactly: count) else {
      throw .endOfData(offset: offset, needed: Int(clamping: overflow ? .max : needed), remaining: remaining)
    }
    return exact
  }

  private func endOfData<T>(_ needed: Int) throws(Failure) -> T {
    throw .endOfData(offset: offset, needed: needed, remaining: remaining)
  }

  /// Makes `count` bytes available in the window, moves after them and returns their start in the window.
  @usableFromInline
  mutating func advance(_ count: Int) throws(Failure) -> Int {
    guard count <= remaining else { return try endOfData(count) }
    var start = offset - windowStart
    if start < 0 || start + count > window.count {
      guard let source else { return try endOfData(count) }
      let length = min(max(count, Self.windowByteCount), remaining)
      do throws(FileError) {
        window = try source.bytes(at: offset, count: length)
      } catch {
        throw .file(error)
      }
      windowStart = offset
      start = 0
    }
    offset += count
    return start
  }

  @usableFromInline
  func withBytes(_ start: Int, _ count: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
    window.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<start + count])) }
  }
}
