extension InputFile {
  /// The `count` little-endian 32-bit floats that begin at byte `offset`, both checked against the size.
  public func floats(at offset: Int, count: Int) throws(FileError) -> [Float] {
    let size = MemoryLayout<Float>.size
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: size)
    guard offset >= 0, count >= 0, !overflow, byteCount <= self.byteCount - min(offset, self.byteCount) else {
      throw .endsEarly(path: path, offset: self.byteCount, expected: overflow ? Int.max : offset &+ byteCount)
    }
    var values = [Float](repeating: 0, count: count)
    var failure: FileError?
    values.withUnsafeMutableBytes { buffer in
      do throws(FileError) {
        try read(at: offset, into: buffer)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    #if _endian(big)
      for index in values.indices { values[index] = Float(bitPattern: UInt32(littleEndian: values[index].bitPattern)) }
    #endif
    return values
  }
}
