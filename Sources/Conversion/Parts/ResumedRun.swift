import Bytes
import Models
import Quantization
import Synchronization

/// The parts of a run that can be continued, and which of them are done.
final class ResumedRun: Sendable {
  private struct Part {
    /// The indices of its jobs.
    let jobs: Range<Int>
    var missingCount: Int
    var reports: [EncodingReport?]
    var errors: PartErrors?
  }

  private let set: OutputSet
  private let parts: [PlanPart]
  private let digest: String
  private let journal: Journal
  /// Deletes files of the source; nil if they stay.
  private let consumer: SourceConsumer?
  /// The part of each job.
  private let partOfJob: [Int]
  private let states: Mutex<[Part]>
  /// Lines come one after the other.
  private let lines = Mutex(())

  init(_ set: OutputSet, _ parts: [PlanPart], _ digest: String, _ journal: Journal, _ consumer: SourceConsumer?) {
    self.consumer = consumer
    self.set = set
    self.parts = parts
    self.digest = digest
    self.journal = journal
    // Jobs and parts are both in the order of the output.
    var partOfJob: [Int] = [], states: [Part] = [], start = 0
    for part in parts {
      var end = start
      while end < set.jobs.count, part.contains(set.jobs[end]) { end += 1 }
      partOfJob += [Int](repeating: part.index, count: end - start)
      states.append(
        Part(
          jobs: start..<end, missingCount: end - start,
          reports: [EncodingReport?](repeating: nil, count: end - start)))
      start = end
    }
    self.partOfJob = partOfJob
    self.states = Mutex(states)
  }

  private func jobs(_ part: Int) -> [Job] { Array(set.jobs[states.withLock { $0[part].jobs }]) }

  /// The digests of the pieces of a part, as the disk has them.
  private func digests(_ part: PlanPart) throws -> [String] {
    try part.pieces.map { piece in
      try FileDigest.sha256(InputLocation.openFile(set.files[piece.fileIndex].temporaryPath), [piece.range])
    }
  }

  /// Takes the parts of which the journal says that they are done, if they have the bytes that it says.
  func readBack(
    _ lines: ArraySlice<[UInt8]>, threads: Int, progress: @Sendable (Int) -> Void
  ) throws {
    let lines = Array(lines)
    try Parallel.forEach(lines.count, threads: threads) { index in
      guard let head = try? PartManifest.head(lines[index]), parts.indices.contains(head.part) else { return }
      let part = parts[head.part]
      guard
        let manifest = try? PartManifest(lines[index], of: part, plan: digest, jobs: jobs(part.index), in: set.plan),
        try digests(part) == manifest.pieces
      else { return }
      let isNew = states.withLock { states in
        defer { states[part.index].errors = manifest.errors }
        return states[part.index].errors == nil
      }
      if isNew { progress(part.byteCount) }
    }
  }

  /// Deletes the files of the source that no part needs any more, and makes sure that there is room for the rest.
  func consume() throws {
    let states = states.withLock { $0 }
    try consumer?.note(states.indices.filter { states[$0].errors != nil })
    try consumer?.requireRoom(for: states.indices.filter { states[$0].errors == nil }.map { parts[$0] })
  }

  /// The indices of the jobs of all parts that are not done.
  var missingJobs: [Int] { states.withLock { $0.filter { $0.errors == nil }.flatMap { Array($0.jobs) } } }

  /// Notes that a job is done; with the last one of a part, the part is flushed and gets its line.
  func note(_ report: EncodingReport?, of job: Int) throws {
    let index = partOfJob[job]
    let reports = states.withLock { states -> [EncodingReport?]? in
      states[index].reports[job - states[index].jobs.lowerBound] = report
      states[index].missingCount -= 1
      return states[index].missingCount == 0 ? states[index].reports : nil
    }
    guard let reports else { return }
    let part = parts[index]
    for piece in part.pieces { try set.files[piece.fileIndex].flush() }
    let manifest = PartManifest(
      plan: digest, part: index, place: .output, pieces: try digests(part),
      errors: PartErrors(jobs(index), of: set.plan, reports: reports), reads: [])
    if consumer != nil { try requireProven(manifest, of: part) }
    states.withLock { $0[index].errors = manifest.errors }
    try lines.withLock { _ in
      try journal.append(manifest.document.encoded(.compact))
      try consumer?.note([index])
    }
  }

  /// Throws unless the disk has the bytes of a part, and every value could be stored.
  private func requireProven(_ manifest: PartManifest, of part: PlanPart) throws {
    try set.plan.requireStorable(manifest.errors.outcomes(of: set.plan))
    for piece in part.pieces { set.files[piece.fileIndex].dropCache(piece.range) }
    guard try digests(part) != manifest.pieces else { return }
    throw FileError.cannotRead(
      path: set.plan.files[part.pieces[0].fileIndex].path, offset: part.pieces[0].range.lowerBound, errno: .ioError)
  }

  /// The errors of every tensor, with the bits of a run that was not stopped.
  var outcomes: [TensorOutcome] {
    var sums = TensorReports(set.plan)
    for part in states.withLock({ $0 }) { part.errors?.add(to: &sums) }
    return sums.outcomes(of: set.plan)
  }
}
