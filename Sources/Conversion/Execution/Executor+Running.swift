import Bytes
import Quantization
import Synchronization

// Jobs write a file at their offsets, in any order. A compressed output has no offsets before it is compressed: its jobs
// write into a window of memory, batch after batch in the order of the file, and all threads compress the window's frames.
// That takes no room on the disk for the plain output, and no thread waits for a certain other one.

extension Executor {
  /// Does `jobs`, which are in the order of files and offsets; returns their reports in this order.
  func run(_ jobs: [Job], to outputs: [AtomicFile]) throws -> [EncodingReport?] {
    let reports = Reports(count: jobs.count)
    let isPlain = plan.files.map { $0.compressionLevel == nil && $0.archive == nil }
    try run(jobs.indices.filter { isPlain[jobs[$0].fileIndex] }, of: jobs, reports) { outputs[$0] }
    try runArchives(jobs, to: outputs, reports)
    for (fileIndex, file) in plan.files.enumerated() {
      guard let level = file.compressionLevel else { continue }
      let writer = SeekableZstdWriter(
        outputs[fileIndex], header: file.header, byteCount: file.byteCount, level: level, threads: threadCount)
      for batch in jobs.batches(of: fileIndex, limit: writer.batchByteCount) {
        let window = writer.window(through: jobs[batch.upperBound - 1].target.upperBound)
        try run(Array(batch), of: jobs, reports) { _ in window }
        try writer.compress(window)
      }
      try writer.finish()
    }
    return reports.all
  }

  /// Does the jobs of archives, and writes what depends on the CRC-32 of their members.
  private func runArchives(_ jobs: [Job], to outputs: [AtomicFile], _ reports: Reports) throws {
    let isArchive = plan.files.map { $0.archive != nil }
    guard isArchive.contains(true) else { return }
    let summed = outputs.map(ChecksummedOutput.init)
    try run(jobs.indices.filter { isArchive[jobs[$0].fileIndex] }, of: jobs, reports) { summed[$0] }
    for (index, file) in plan.files.enumerated() {
      guard let archive = file.archive else { continue }
      let checksums = try archive.dataRanges.map { range in
        guard let sum = summed[index].checksum(of: range) else { throw UnwrittenMember(path: file.path, range: range) }
        return sum
      }
      for record in archive.records(checksums: checksums) { try outputs[index].write(record.bytes, at: record.offset) }
    }
  }

  /// Does the jobs of these indices on all threads.
  private func run(
    _ indices: [Int], of jobs: [Job], _ reports: Reports, output: @Sendable (Int) -> some PositionalOutput
  ) throws {
    let plan = plan, detail = detail, progress = progress
    try Parallel.forEach(indices.count, threads: threadCount, state: { SlabWorker(detail: detail) }) { worker, index in
      let job = jobs[indices[index]], output = output(job.fileIndex)
      switch job.work {
      case .slab(let slab):
        let report = try worker.run(slab, of: plan.files[job.fileIndex].tensors[slab.tensorIndex], to: output)
        reports[indices[index]] = report
      case .copy(let range):
        let input = plan.source.checkpoint.files[range.inputIndex]
        try output.copy(input, from: range.sourceOffset, count: range.byteCount, to: range.targetOffset)
      }
      progress(job.target.count)
    }
  }

  /// The reports of jobs, which threads fill in.
  private final class Reports: Sendable {
    private let reports: Mutex<[EncodingReport?]>

    init(count: Int) { reports = Mutex([EncodingReport?](repeating: nil, count: count)) }

    subscript(index: Int) -> EncodingReport? {
      get { reports.withLock { $0[index] } }
      set { reports.withLock { $0[index] = newValue } }
    }

    var all: [EncodingReport?] { reports.withLock { $0 } }
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
