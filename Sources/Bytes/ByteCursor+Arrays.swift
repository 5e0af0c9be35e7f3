// Arrays are read a window at a time: a vocabulary has a million elements.

extension ByteCursor {
  /// Reads `count` integers in the cursor's byte order; the count is compared with the remaining bytes first.
  @inlinable
  public mutating func readArray<T: FixedWidthInteger>(of _: T.Type, count: Int) throws(Failure) -> [T] {
    let size = MemoryLayout<T>.size
    let total = try requireRemaining(UInt64(max(0, count)), of: size)
    var values: [T] = []
    values.reserveCapacity(total)
    while values.count < total {
      let step = min(total - values.count, Self.windowByteCount / size)
      let start = try advance(step * size)
      withBytes(start, step * size) { stored in
        let part = [T](unsafeUninitializedCapacity: step) { buffer, initializedCount in
          UnsafeMutableRawBufferPointer(buffer).copyMemory(from: stored)
          initializedCount = step
        }
        values.append(contentsOf: part)
      }
    }
    let isSwapped = (T(littleEndian: 1) == 1) != (byteOrder == .littleEndian)
    if isSwapped { for index in values.indices { values[index] = values[index].byteSwapped } }
    return values
  }

  /// Reads strings, each after a 64-bit byte count, as long as they are whole in the window and at most `limit` bytes.
  ///
  /// The caller reads the next string on its own, which moves the window or fails.
  ///
  /// - Parameters:
  ///   - count: the most strings to read.
  ///   - bytes: receives the contents, one after another.
  ///   - ends: receives the length of `bytes` after each string.
  public mutating func readStringsInWindow(
    _ count: Int, limit: Int, appendingTo bytes: inout [UInt8], ends: inout [Int]
  ) {
    let start = offset - windowStart
    guard count > 0, start >= 0, start < window.count else { return }
    let prefixSize = MemoryLayout<UInt64>.size
    let isLittle = byteOrder == .littleEndian
    let base = bytes.count
    var position = start
    window.withUnsafeBytes { window in
      let stored = UnsafeRawBufferPointer(rebasing: window[..<min(window.count, start + Self.windowByteCount)])
      let contents = [UInt8](unsafeUninitializedCapacity: stored.count - start) { buffer, filled in
        filled = 0
        for _ in 0..<count {
          guard stored.count - position >= prefixSize else { break }
          let raw = stored.loadUnaligned(fromByteOffset: position, as: UInt64.self)
          let declared = isLittle ? UInt64(littleEndian: raw) : UInt64(bigEndian: raw)
          guard declared <= UInt64(limit), declared <= UInt64(stored.count - position - prefixSize) else { break }
          let length = Int(declared)
          if length > 0, let source = stored.baseAddress, let target = buffer.baseAddress {
            (target + filled).update(
              from: (source + position + prefixSize).assumingMemoryBound(to: UInt8.self), count: length)
          }
          filled += length
          position += prefixSize + length
          ends.append(base + filled)
        }
      }
      bytes.append(contentsOf: contents)
    }
    offset = windowStart + position
  }
}
