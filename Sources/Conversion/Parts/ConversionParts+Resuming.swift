import Bytes
import Models
import Quantization

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
  /// - Parameters:
  ///   - destination: that of the plan; its journal says what an earlier run has deleted of the source.
  ///   - consumesSource: whether the files of the source are deleted when all that is made of them is on the disk.
  /// - Throws: as `init(_:arguments:planning:)`; as `SourceConsumption`.
  public init(
    resuming destination: String, consumesSource: Bool = false, planning: () throws -> ConversionPlan
  ) throws {
    let consumed = SourceConsumer.consumed(by: try Journal.lines(for: destination), destination: destination)
    self = try consumed.opening {
      try ConversionParts(arguments: nil) {
        var plan = try planning()
        if consumesSource {
          plan.consumption = try SourceConsumption(plan)
          guard ExactString(plan.destination) == ExactString(destination) else {
            throw SourceConsumptionError.namedByPlan(path: destination)
          }
        }
        return (plan, .resuming(plan.byteCount))
      }
    }
    self.consumed = consumed
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
    let consumer = plan.consumption.map { SourceConsumer($0, of: self, journal) }
    let set = try OutputSet(plan, of: .kept(parts)) { _ in }
    defer { set.close() }
    for path in Set(set.files.map { Path.folder(of: $0.temporaryPath) }) { try OutputFolder(path).flush() }
    // The bytes of an earlier run may be anything: parts that are made again write only tensors.
    for (file, output) in zip(plan.files, set.files) {
      try output.clear(file.padding(in: file.header.count..<file.byteCount))
    }
    let run = ResumedRun(set, parts, digest, journal, consumer)
    try run.readBack(journal.lines.dropFirst(), threads: threads, progress: progress)
    try run.consume()
    let executor = Executor(threadCount: threads, detail: detail, progress: progress)
    try executor.run(run.missingJobs, of: set) {
      set.files[$0]
    } done: {
      try run.note($1, of: $0)
    }
    let outcomes = try set.finish(run.outcomes, acceptance)
    journal.remove()
    SourceConsumer.forget(consumed, destination: plan.destination, inputs: inputs)
    return outcomes
  }
}
