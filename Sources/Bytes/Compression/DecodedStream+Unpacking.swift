extension DecodedStream {
  /// Unpacks the whole stream to a file without a name once too much of it was decoded again.
  ///
  /// Without room for that file the stream goes on being decoded again.
  func unpackIfRepeated(_ state: inout State) throws(FileError) {
    guard state.canHaveFile, state.file == nil,
      state.repeatedByteCount > max(Self.repeatedByteCount, byteCount / 8)
    else { return }
    state.canHaveFile = false
    guard let file = ScratchFile(byteCount: byteCount) else { return }
    let decoder = try makeDecoder()
    var chunk = [UInt8](repeating: 0, count: Self.chunkByteCount)
    var position = 0
    while position < byteCount {
      let count = min(Self.chunkByteCount, byteCount - position)
      if chunk.count != count { chunk.removeLast(chunk.count - count) }
      let found = try Self.decode(decoder, into: &chunk)
      guard found == count else {
        throw .compressed(path: path, .endsBefore(stated: byteCount, found: position + found))
      }
      guard file.write(chunk.span.bytes, at: position) else { return }
      position += count
    }
    // The bytes were decoded before, so their sums are known to be right or were reported.
    state = State()
    state.file = file
  }

  /// Reads chunk `index` from the unpacked content; returns where it is in `state.chunks`.
  func chunk(_ index: Int, from file: ScratchFile, _ state: inout State) throws(FileError) -> Int {
    let start = index * Self.chunkByteCount
    var bytes = [UInt8](repeating: 0, count: min(Self.chunkByteCount, byteCount - start))
    var span = bytes.mutableSpan
    var buffer = span.mutableBytes
    try buffer.withUnsafeMutableBytes { buffer throws(FileError) in try file.read(at: start, into: buffer) }
    state.chunks = [Chunk(index: index, bytes: bytes, lastUse: state.clock)]
    return 0
  }
}
