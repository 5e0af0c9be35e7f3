import Bytes
import Models
import Quantization
import Synchronization
import Tensors

/// Carries out plans: reads, transforms, encodes and writes each byte once, on all cores, with bounded memory.
///
/// A plan gives the offset of every slab in the output, so threads write slabs in any order, and the
/// output does not depend on their number. A compressed output is made some megabytes at a time (`Executor+Packing.swift`).
/// A thread has one slab of the input, its values and its encoding; several plans of one model share the first two.
public struct Executor {
  /// Bytes that are passed on unchanged in one go.
  static let copyByteCount = 64 << 20
  /// The same for an output that is compressed, which has them in memory.
  static let packedCopyByteCount = 4 << 20

  let threadCount: Int
  let detail: EncodingReport.Detail
  let progress: @Sendable (Int) -> Void

  /// Carries out `plan` and returns the errors of every tensor.
  ///
  /// - Parameters:
  ///   - detail: which errors of encoding are recorded.
  ///   - acceptance: judges the errors before any file gets its final name; its errors are rethrown.
  ///   - progress: receives the bytes of output done since the last call, on any thread.
  /// - Throws: when reading or writing fails, a value cannot be stored, or an input changed meanwhile. Nothing is left
  ///   under the final names then, and no temporary.
  @discardableResult
  public static func run(
    _ plan: ConversionPlan, threads threadCount: Int = Parallel.coreCount, detail: EncodingReport.Detail = .sums,
    acceptance: @escaping ([TensorOutcome]) throws -> Void = { _ in },
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws -> [TensorOutcome] {
    try run([plan], threads: threadCount, detail: detail, acceptance: { try acceptance($1) }, progress: progress)[0]
      .get()
  }

  /// Carries out several plans of one opened model, whose rows are read and decoded once for all of them.
  ///
  /// Each output is the one that its plan gives alone. An output that fails does not harm the others.
  ///
  /// - Parameters:
  ///   - acceptance: judges the errors of the plan of this index before its files get their final names.
  /// - Returns: for each plan the errors of every tensor, or the error for which it left nothing.
  public static func run(
    _ plans: [ConversionPlan], threads threadCount: Int = Parallel.coreCount, detail: EncodingReport.Detail = .sums,
    acceptance: (Int, [TensorOutcome]) throws -> Void = { _, _ in },
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) -> [Result<[TensorOutcome], any Error>] {
    Executor(threadCount: threadCount, detail: detail, progress: progress).run(plans, acceptance)
  }

  private func run(
    _ plans: [ConversionPlan], _ acceptance: (Int, [TensorOutcome]) throws -> Void
  ) -> [Result<[TensorOutcome], any Error>] {
    let sets = plans.map { plan in Result { try OutputSet(plan, progress: progress) } }
    defer { for set in sets { try? set.get().close() } }
    let failures = Failures()
    run(sets.indices.compactMap { index in (try? sets[index].get()).map { (index, $0) } }, failures)
    return sets.enumerated().map { index, opened in
      Result {
        let set = try opened.get()
        if let error = failures[index] { throw error }
        return try set.finish { try acceptance(index, $0) }
      }
    }
  }

  /// Does the jobs of all sets: those of plain files together, others set by set.
  private func run(_ sets: [(index: Int, set: OutputSet)], _ failures: Failures) {
    let plain = sets.filter { $0.set.isPlain }
    runShared(plain, failures)
    for (index, set) in sets where !set.isPlain {
      do { try pack(set) } catch { failures[index] = error }
    }
  }

  /// Does the jobs of plain files; the rows of a group are read once.
  private func runShared(_ sets: [(index: Int, set: OutputSet)], _ failures: Failures) {
    let groups = [JobGroup](sets.map { $0.set }), detail = detail, progress = progress
    // Nothing is thrown: an error ends the work of its own set.
    try? Parallel.forEach(groups.count, threads: threadCount, state: { SlabWorker(detail: detail) }) { worker, index in
      let members = groups[index].members.filter { failures[sets[$0.output].index] == nil }
      for (member, result) in zip(members, Self.run(members.map { (sets[$0.output].set, $0.job) }, worker: &worker)) {
        let (index, set) = sets[member.output]
        switch result {
        case .success(let report): set.note(report, of: member.job)
        case .failure(let error): failures[index] = error
        }
        progress(set.jobs[member.job].target.count)
      }
    }
  }

  /// Does jobs of one group; returns for each the errors of encoding, if there can be any.
  private static func run(
    _ members: [(set: OutputSet, job: Int)], worker: inout SlabWorker
  ) -> [Result<EncodingReport?, any Error>] {
    let slabs = members.compactMap { set, index -> SlabTarget? in
      let job = set.jobs[index]
      guard case .slab(let slab) = job.work else { return nil }
      return set.plan.target(slab, of: job, to: set.files[job.fileIndex])
    }
    guard slabs.isEmpty else { return worker.run(slabs) }
    return members.map { set, index in
      let job = set.jobs[index]
      return Result {
        if case .copy(let range) = job.work { try set.copy(range, to: set.files[job.fileIndex]) }
        return nil
      }
    }
  }

  /// The first error of each plan, by its index.
  private final class Failures: Sendable {
    private let errors = Mutex<[Int: any Error]>([:])

    subscript(index: Int) -> (any Error)? {
      get { errors.withLock { $0[index] } }
      set { errors.withLock { $0[index] = $0[index] ?? newValue } }
    }
  }
}

/// The outcome of converting one tensor.
public struct TensorOutcome: Sendable {
  /// The tensor.
  public let tensor: PlannedTensor
  /// The errors of encoding; nil where the formats keep every value.
  public let report: EncodingReport?

  /// Collects both.
  public init(tensor: PlannedTensor, report: EncodingReport?) {
    self.tensor = tensor
    self.report = report
  }
}
