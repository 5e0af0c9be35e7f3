import Synchronization

// A compressed stream can only be decoded forward. Random access comes from two memories, both bounded:
//
//   chunks     of 256 KiB that were decoded last, for threads that read near each other and for short reads again
//   snapshots  of the decoder at equal distances, from which it goes on when a read is before its position
//
//   output  ├──chunk──┼──chunk──┼──chunk──┼──chunk──┼──chunk──┤
//           S                   S                   ↑ the decoder
//
// A read before the decoder so costs at most the distance of two snapshots. The stream is decoded once as long as reads go
// forward, however many threads they come from. Not every decoder has snapshots; without them it begins again. When reads
// go back so often that an eighth of the stream was decoded again, it is unpacked to a file without a name.

/// The bytes that a compressed stream decodes to, read at any offset.
final class DecodedStream: Sendable {
  static let chunkByteCount = 256 << 10
  /// The chunks that are kept.
  static let chunkCount = 32
  /// The bytes of all snapshots together.
  static let snapshotsByteCount = 24 << 20
  /// The distance of two snapshots at first. It is doubled whenever there are too many of them.
  static let leastSnapshotDistance = 1 << 20
  /// So many bytes may always be decoded again before the stream is unpacked to a file.
  static let repeatedByteCount = 256 << 20

  let path: String
  let byteCount: Int
  /// The CRC-32 that the decoded bytes must have; nil if the stream has its own sums.
  private let expectedCRC: UInt32?
  let makeDecoder: @Sendable () throws(FileError) -> any StreamDecoder
  /// The bytes that its decoder takes in memory.
  let decoderByteCount: Int
  private let state = Mutex(State())

  /// A stream that decodes to `byteCount` bytes.
  init(
    path: String, byteCount: Int, crc32: UInt32? = nil, decoderByteCount: Int = 1 << 16,
    decoder: @escaping @Sendable () throws(FileError) -> any StreamDecoder
  ) {
    self.path = path
    self.byteCount = byteCount
    expectedCRC = crc32
    self.decoderByteCount = decoderByteCount
    makeDecoder = decoder
  }

  struct State {
    var decoder: (any StreamDecoder)?
    /// The offset of the byte that the decoder gives next: a multiple of a chunk, or the end.
    var position = 0
    var chunks: [Chunk] = []
    var snapshots: [(position: Int, state: any DecoderSnapshot)] = []
    var snapshotDistance = DecodedStream.leastSnapshotDistance
    /// The end of the bytes that were decoded once, and the count of those that were decoded again.
    var decodedEnd = 0
    var repeatedByteCount = 0
    /// The whole content; nil unless reads went back too often.
    var file: ScratchFile?
    var canHaveFile = true
    /// The sum of the bytes before `summedEnd`.
    var sum = CRC32()
    var summedEnd = 0
    /// Counts uses of chunks.
    var clock = 0
  }

  struct Chunk {
    /// Which chunk it is; nil for none.
    var index: Int?
    var bytes: [UInt8] = []
    var lastUse = 0
  }

  func read(at offset: Int, count: Int, into target: UnsafeMutableRawBufferPointer) throws(FileError) {
    let (end, overflow) = offset.addingReportingOverflow(count)
    guard offset >= 0, count >= 0, !overflow, end <= byteCount else {
      throw .endsEarly(path: path, offset: byteCount, expected: overflow ? Int.max : end)
    }
    guard count > 0 else { return }
    ActiveStreams.shared.touch(self)
    // A lock for each chunk lets other threads copy theirs in between.
    var done = 0
    while done < count {
      let index = (offset + done) / Self.chunkByteCount, start = (offset + done) % Self.chunkByteCount
      let step = min(Self.chunkByteCount - start, count - done)
      let part = UnsafeMutableRawBufferPointer(rebasing: target[done..<done + step])
      let file = try state.withLock { state throws(FileError) -> ScratchFile? in
        if let file = state.file { return file }
        let slot = try slot(of: index, &state)
        state.chunks[slot].bytes.withUnsafeBytes { bytes in
          part.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + step]))
        }
        return nil
      }
      if let file {
        return try file.read(at: offset + done, into: UnsafeMutableRawBufferPointer(rebasing: target[done..<count]))
      }
      done += step
    }
  }

  /// Decodes everything that was not decoded yet, and so checks all sums.
  func verify() throws(FileError) {
    ActiveStreams.shared.touch(self)
    let chunkCount = (byteCount + Self.chunkByteCount - 1) / Self.chunkByteCount
    guard chunkCount > 0 else {
      return try finish(try makeDecoder(), CRC32())
    }
    for index in 0..<chunkCount {
      try state.withLock { state throws(FileError) in
        guard state.file == nil, state.summedEnd <= index * Self.chunkByteCount else { return }
        _ = try slot(of: index, &state)
      }
    }
  }

  /// Forgets everything that takes memory, unless the stream is being read.
  func trim() {
    state.withLockIfAvailable { state in
      var idle = State()
      idle.repeatedByteCount = state.repeatedByteCount
      idle.decodedEnd = state.decodedEnd
      (idle.file, idle.canHaveFile) = (state.file, state.canHaveFile)
      state = idle
    }
  }

  /// Takes a snapshot if the last one is far enough away.
  private func takeSnapshot(_ decoder: any StreamDecoder, _ state: inout State) throws(FileError) {
    guard let decoder = decoder as? any ResumableDecoder,
      state.position >= (state.snapshots.last?.position ?? 0) + state.snapshotDistance
    else { return }
    state.snapshots.append((state.position, try decoder.snapshot()))
    guard state.snapshots.count * decoder.snapshotByteCount > Self.snapshotsByteCount else { return }
    // Every second one stays.
    state.snapshots = state.snapshots.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
    state.snapshotDistance *= 2
  }

  /// Returns where chunk `index` is in `state.chunks`; decodes it if it is not there.
  private func slot(of index: Int, _ state: inout State) throws(FileError) -> Int {
    state.clock += 1
    if let slot = state.chunks.firstIndex(where: { $0.index == index }) {
      state.chunks[slot].lastUse = state.clock
      return slot
    }
    do throws(FileError) {
      let target = index * Self.chunkByteCount
      if target < state.position { try unpackIfRepeated(&state) }
      if let file = state.file { return try chunk(index, from: file, &state) }
      let decoder = try decoder(at: target, &state)
      var slot = 0
      repeat {
        slot = try decodeChunk(decoder, &state)
      } while state.position <= target && state.position < byteCount
      return slot
    } catch {
      // Where a decoder has failed, nothing can be said of its state; snapshots belong to their decoder.
      state.decoder = nil
      state.snapshots = []
      throw error
    }
  }

  /// Returns the decoder, at `target` or the nearest position before it that can be reached at once.
  private func decoder(at target: Int, _ state: inout State) throws(FileError) -> any StreamDecoder {
    let snapshot = state.snapshots.last { $0.position <= target }
    if let decoder = state.decoder, state.position <= target, (snapshot?.position ?? 0) <= state.position {
      return decoder
    }
    guard let decoder = state.decoder else {
      let decoder = try makeDecoder()
      state.decoder = decoder
      state.position = 0
      return decoder
    }
    if let snapshot, let decoder = decoder as? any ResumableDecoder {
      try decoder.restore(snapshot.state)
    } else {
      try decoder.restart()
    }
    state.position = snapshot?.position ?? 0
    return decoder
  }

  /// Decodes the chunk at the decoder's position; returns where it is in `state.chunks`.
  private func decodeChunk(_ decoder: any StreamDecoder, _ state: inout State) throws(FileError) -> Int {
    let position = state.position
    try takeSnapshot(decoder, &state)
    let count = min(Self.chunkByteCount, byteCount - position)
    let slot = freeSlot(&state)
    var bytes: [UInt8] = []
    swap(&bytes, &state.chunks[slot].bytes)
    if bytes.count != count { bytes = [UInt8](repeating: 0, count: count) }
    let found = try Self.decode(decoder, into: &bytes)
    guard found == count else {
      throw .compressed(path: path, .endsBefore(stated: byteCount, found: position + found))
    }
    if expectedCRC != nil, state.summedEnd == position { state.sum.update(bytes.span.bytes) }
    state.position = position + count
    if state.position <= state.decodedEnd { state.repeatedByteCount += count }
    state.decodedEnd = max(state.decodedEnd, state.position)
    state.summedEnd = max(state.summedEnd, state.position)
    if state.position == byteCount { try finish(decoder, state.sum) }
    state.chunks[slot] = Chunk(index: position / Self.chunkByteCount, bytes: bytes, lastUse: state.clock)
    return slot
  }

  static func decode(_ decoder: any StreamDecoder, into bytes: inout [UInt8]) throws(FileError) -> Int {
    var span = bytes.mutableSpan
    var buffer = span.mutableBytes
    return try buffer.withUnsafeMutableBytes { buffer throws(FileError) in try decoder.decode(into: buffer) }
  }

  /// Takes the slot that was used longest ago; it has no chunk until one is decoded.
  private func freeSlot(_ state: inout State) -> Int {
    if let slot = state.chunks.firstIndex(where: { $0.index == nil }) { return slot }
    if state.chunks.count < Self.chunkCount {
      state.chunks.append(Chunk())
      return state.chunks.count - 1
    }
    let slot = state.chunks.indices.min { state.chunks[$0].lastUse < state.chunks[$1].lastUse } ?? 0
    state.chunks[slot].index = nil
    return slot
  }

  /// Requires the end of the stream after the last byte, and the CRC-32 of all bytes.
  private func finish(_ decoder: any StreamDecoder, _ sum: CRC32) throws(FileError) {
    var more: [UInt8] = [0]
    guard try Self.decode(decoder, into: &more) == 0 else {
      throw .compressed(path: path, .continuesAfter(stated: byteCount))
    }
    guard let expectedCRC, sum.value != expectedCRC else { return }
    throw .compressed(path: path, .wrongCRC(stated: expectedCRC, found: sum.value))
  }
}
