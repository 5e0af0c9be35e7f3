import Bytes
import Quantization

// Jobs write a plain file at their offsets, in any order. A compressed output has no offsets before it is compressed: its jobs
// write into a window of memory, batch after batch in the order of the file, and all threads compress the window's frames.
// That takes no room on the disk for the plain output, and no thread waits for a certain other one.

extension Executor {
  /// Does the jobs of a set with compressed files or archives.
  func pack(_ set: OutputSet) throws {
    let files = set.plan.files, outputs = set.files
    let isPlain = files.map { $0.compressionLevel == nil && $0.archive == nil }
    try run(set.jobs.indices.filter { isPlain[set.jobs[$0].fileIndex] }, of: set) { outputs[$0] }
    try packArchives(of: set)
    for (fileIndex, file) in files.enumerated() {
      guard let level = file.compressionLevel else { continue }
      let writer = SeekableZstdWriter(
        outputs[fileIndex], header: file.header, byteCount: file.byteCount, level: level, threads: threadCount)
      for batch in set.jobs.batches(of: fileIndex, limit: writer.batchByteCount) {
        let window = writer.window(through: set.jobs[batch.upperBound - 1].target.upperBound)
        try run(Array(batch), of: set) { _ in window }
        try writer.compress(window)
      }
      try writer.finish()
    }
  }

  /// Does the jobs of archives, and writes what depends on the CRC-32 of their members.
  private func packArchives(of set: OutputSet) throws {
    let files = set.plan.files, isArchive = files.map { $0.archive != nil }
    guard isArchive.contains(true) else { return }
    let summed = set.files.map(ChecksummedOutput.init)
    try run(set.jobs.indices.filter { isArchive[set.jobs[$0].fileIndex] }, of: set) { summed[$0] }
    for (index, file) in files.enumerated() {
      guard let archive = file.archive else { continue }
      let checksums = try archive.dataRanges.map { range in
        guard let sum = summed[index].checksum(of: range) else { throw UnwrittenMember(path: file.path, range: range) }
        return sum
      }
      for record in archive.records(checksums: checksums) {
        try set.files[index].write(record.bytes, at: record.offset)
      }
    }
  }

  /// Does the jobs of these indices on all threads.
  ///
  /// - Parameter done: is called after each job, on any thread.
  func run(
    _ indices: [Int], of set: OutputSet, output: @Sendable (Int) -> any PositionalOutput,
    done: @Sendable (_ job: Int, _ report: EncodingReport?) throws -> Void = { _, _ in }
  ) throws {
    try run(indices.map { set.jobs[$0] }, of: set.plan, output: output) { range, output in
      try set.copy(range, to: output)
    } done: { index, report in
      set.note(report, of: indices[index])
      try done(indices[index], report)
    }
  }

  /// Does `jobs` of a plan on all threads.
  ///
  /// - Parameters:
  ///   - output: takes the bytes of the file of this index.
  ///   - copy: copies bytes of an input.
  ///   - done: is called after each job with its index among `jobs`, on any thread.
  func run(
    _ jobs: [Job], of plan: ConversionPlan, output: @Sendable (Int) -> any PositionalOutput,
    copy: @Sendable (FileCopyRange, any PositionalOutput) throws -> Void,
    done: @Sendable (_ job: Int, _ report: EncodingReport?) throws -> Void
  ) throws {
    let detail = detail, progress = progress
    try Parallel.forEach(jobs.count, threads: threadCount, state: { SlabWorker(detail: detail) }) { worker, index in
      let job = jobs[index], output = output(job.fileIndex)
      var report: EncodingReport?
      switch job.work {
      case .slab(let slab): report = try worker.run([plan.target(slab, of: job, to: output)])[0].get()
      case .copy(let range): try copy(range, output)
      }
      try done(index, report)
      progress(job.target.count)
    }
  }
}

extension [Job] {
  /// The jobs of a file as consecutive batches that write about `limit` bytes each.
  fileprivate func batches(of fileIndex: Int, limit: Int) -> [Range<Int>] {
    let first = firstIndex { $0.fileIndex == fileIndex } ?? 0
    let end = self[first...].firstIndex { $0.fileIndex != fileIndex } ?? count
    var batches: [Range<Int>] = [], start = first, byteCount = 0
    for index in first..<end where self[index].fileIndex == fileIndex {
      byteCount += self[index].target.count
      guard byteCount >= limit || index + 1 == end else { continue }
      batches.append(start..<index + 1)
      (start, byteCount) = (index + 1, 0)
    }
    return batches
  }
}

/// A member of an archive that was not written as a whole: a defect of the plan.
private struct UnwrittenMember: IngotError {
  let path: String
  let range: Range<Int>

  var category: ErrorCategory { .output }
  var description: String {
    "\(path.escapedForDisplay): bytes \(range.lowerBound.grouped) to \(range.upperBound.grouped) were not written once each"
  }
}
