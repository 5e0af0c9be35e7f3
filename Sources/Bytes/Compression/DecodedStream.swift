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
// forward, however many threads they come from.

/// The bytes that a compressed stream decodes to, read at any offset.
final class DecodedStream: Sendable {
  static let chunkByteCount = 256 << 10
  /// The chunks that are kept.
  static let chunkCount = 32
  /// The bytes of all snapshots together.
  static let snapshotsByteCount = 24 << 20
  /// The least distance of two snapshots.
  static let leastSnapshotDistance = 1 << 20

  let path: String
  let byteCount: Int
  /// The CRC-32 that the decoded bytes must have; nil if the stream has its own sums.
  private let expectedCRC: UInt32?
  private let makeDecoder: @Sendable () throws(FileError) -> any StreamDecoder
  private let state = Mutex(State())

  init(
    path: String, byteCount: Int, crc32: UInt32? = nil,
    decoder: @escaping @Sendable () throws(FileError) -> any StreamDecoder
  ) {
    self.path = path
    self.byteCount = byteCount
    expectedCRC = crc32
    makeDecoder = decoder
  }

  struct State {
    var decoder: (any StreamDecoder)?
    /// The offset of the byte that the decoder gives next: a multiple of a chunk, or the end.
    var position = 0
    var chunks: [Chunk] = []
    var snapshots: [(position: Int, state: any DecoderSnapshot)] = []
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
      try state.withLock { state throws(FileError) in
        let slot = try slot(of: index, &state)
        state.chunks[slot].bytes.withUnsafeBytes { bytes in
          part.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + step]))
        }
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
        if state.summedEnd <= index * Self.chunkByteCount { _ = try slot(of: index, &state) }
      }
    }
  }

  /// Forgets everything that takes memory, unless the stream is being read.
  func trim() {
    state.withLockIfAvailable { $0 = State() }
  }

  /// The bytes between two snapshots; nil for a decoder whose state is too large to be kept.
  private func snapshotDistance(_ decoder: any StreamDecoder) -> Int? {
    let count = Self.snapshotsByteCount / max(1, decoder.snapshotByteCount)
    guard count > 0 else { return nil }
    let distance = max(Self.leastSnapshotDistance, byteCount / count)
    return (distance + Self.chunkByteCount - 1) / Self.chunkByteCount * Self.chunkByteCount
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
    if let snapshot { try decoder.restore(snapshot.state) } else { try decoder.restart() }
    state.position = snapshot?.position ?? 0
    return decoder
  }

  /// Decodes the chunk at the decoder's position; returns where it is in `state.chunks`.
  private func decodeChunk(_ decoder: any StreamDecoder, _ state: inout State) throws(FileError) -> Int {
    let position = state.position
    if let distance = snapshotDistance(decoder), position >= (state.snapshots.last?.position ?? 0) + distance {
      state.snapshots.append((position, try decoder.snapshot()))
    }
    let count = min(Self.chunkByteCount, byteCount - position)
    let slot = freeSlot(&state)
    var bytes: [UInt8] = []
    swap(&bytes, &state.chunks[slot].bytes)
    if bytes.count != count { bytes = [UInt8](repeating: 0, count: count) }
    let found = try decode(decoder, into: &bytes)
    guard found == count else {
      throw .compressed(path: path, .endsBefore(stated: byteCount, found: position + found))
    }
    if expectedCRC != nil, state.summedEnd == position { state.sum.update(bytes.span.bytes) }
    state.position = position + count
    state.summedEnd = max(state.summedEnd, state.position)
    if state.position == byteCount { try finish(decoder, state.sum) }
    state.chunks[slot] = Chunk(index: position / Self.chunkByteCount, bytes: bytes, lastUse: state.clock)
    return slot
  }

  private func decode(_ decoder: any StreamDecoder, into bytes: inout [UInt8]) throws(FileError) -> Int {
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
    guard try decode(decoder, into: &more) == 0 else {
      throw .compressed(path: path, .continuesAfter(stated: byteCount))
    }
    guard let expectedCRC, sum.value != expectedCRC else { return }
    throw .compressed(path: path, .wrongCRC(stated: expectedCRC, found: sum.value))
  }
}
