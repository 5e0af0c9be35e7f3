import Bytes
import Models
import Quantization
import Synchronization

// A run that can be continued writes its files at their places, under a name that outlives it, and a line into a journal for
// each part that is on the disk:
//
//   {"schema":"ingot.journal/1","plan":…,"inputs":[…]}
//   {"schema":"ingot.part/1","plan":…,"part":0,"pieces":[…],…}
//   {"schema":"ingot.part/1","plan":…,"part":2,…}
//
// The next run reads the parts of the journal back, compares their digests, and makes the others.

extension PartCut {
  /// The bytes that a run which is stopped may lose, about, and the fewest and most parts.
  private static let resumedByteCount = 256 << 20, resumedCounts = 64...4096

  /// The parts of a run that can be continued.
  static func resuming(_ byteCount: Int) -> PartCut {
    .count(min(max(byteCount / resumedByteCount, resumedCounts.lowerBound), resumedCounts.upperBound))
  }
}

extension ConversionParts {
  /// A conversion in one run that another can continue.
  ///
  /// - Throws: as `init(_:arguments:planning:)`.
  public init(resuming planning: () throws -> ConversionPlan) throws {
    try self.init(arguments: nil) {
      let plan = try planning()
      return (plan, .resuming(plan.byteCount))
    }
  }

  /// The name and version of the layout of a journal.
  private static let journalSchema = "ingot.journal/1"

  /// What a run must have in common with the one that it continues. The command may be spelled another way.
  private func journalHead(plan digest: String) -> [UInt8] {
    JSON.members([
      "schema": .string(Self.journalSchema), "plan": .string(digest),
      "inputs": .array(
        inputs.map {
          .members([
            "path": .string($0.path), "bytes": .integer($0.byteCount),
            "version": $0.version.map { .string($0) } ?? .null,
          ])
        }),
    ]).encoded(.compact)
  }

  /// Carries the plan out, beginning with what an earlier run finished.
  ///
  /// - Parameters:
  ///   - acceptance: judges the errors before any file gets its final name; its errors are rethrown.
  ///   - progress: receives the bytes of output done since the last call, on any thread.
  /// - Throws: `PartError.otherJournal` if the earlier run was another conversion; as `Executor.run`. What is finished
  ///   stays, with the journal.
  func resume(
    threads: Int, detail: EncodingReport.Detail, acceptance: ([TensorOutcome]) throws -> Void,
    progress: @escaping @Sendable (Int) -> Void
  ) throws -> [TensorOutcome] {
    let digest = digest, head = journalHead(plan: digest)
    let journal = try Journal(for: plan.destination)
    guard journal.lines.first ?? head == head else {
      throw PartError.otherJournal(path: plan.destination, journal: journal.path)
    }
    if journal.lines.isEmpty { try journal.append(head) }
    let set = try OutputSet(plan, of: .kept(parts)) { _ in }
    defer { set.close() }
    for path in Set(set.files.map { Path.folder(of: $0.temporaryPath) }) { try OutputFolder(path).flush() }
    let run = ResumedRun(set, parts, digest, journal)
    try run.readBack(journal.lines.dropFirst(), threads: threads, progress: progress)
    let executor = Executor(threadCount: threads, detail: detail, progress: progress)
    try executor.run(run.missingJobs, of: set) {
      set.files[$0]
    } done: {
      try run.note($1, of: $0)
    }
    let outcomes = try set.finish(run.outcomes, acceptance)
    journal.remove()
    return outcomes
  }
}

/// The parts of a run that can be continued, and which of them are done.
private final class ResumedRun: Sendable {
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
  /// The part of each job.
  private let partOfJob: [Int]
  private let states: Mutex<[Part]>
  /// Lines come one after the other.
  private let lines = Mutex(())

  init(_ set: OutputSet, _ parts: [PlanPart], _ digest: String, _ journal: Journal) {
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
      plan: digest, part: index, pieces: try digests(part),
      errors: PartErrors(jobs(index), of: set.plan, reports: reports), reads: [])
    states.withLock { $0[index].errors = manifest.errors }
    try lines.withLock { _ in try journal.append(manifest.document.encoded(.compact)) }
  }

  /// The errors of every tensor, with the bits of a run that was not stopped.
  var outcomes: [TensorOutcome] {
    var sums = TensorReports(set.plan)
    for part in states.withLock({ $0 }) { part.errors?.add(to: &sums) }
    return sums.outcomes(of: set.plan)
  }
}
