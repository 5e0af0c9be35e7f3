import Bytes
import Models
import Quantization
import Synchronization
import Tensors

/// Compares pairs of tensors on all cores; the results do not depend on their number.
///
/// Compares bytes first, if both have one format and layout, then the values of tensors whose bytes differ.
struct TensorComparer: Sendable {
  let threads: Int
  /// Whether rows are judged one by one, and errors above the format's limit are compared with the baseline error.
  let usesBaseline: Bool
  /// Receives the bytes of the reference done since the last call, from any thread.
  let progress: @Sendable (Int) -> Void

  private struct Job: Sendable {
    let pairIndex: Int
    let elements: Range<Int>
  }

  /// One comparison for each pair, in order.
  func compare(_ pairs: [TensorPair]) throws -> [TensorComparison] {
    var outcomes = [TensorComparison.Outcome?](repeating: nil, count: pairs.count)
    var sources = [TensorPair.Sources?](repeating: nil, count: pairs.count)
    for (index, pair) in pairs.enumerated() {
      switch (pair.reference, pair.candidate) {
      case (let reference?, let candidate?):
        guard reference.descriptor.shape == candidate.descriptor.shape else {
          outcomes[index] = .otherShape
          continue
        }
        do throws(LocatedError) {
          sources[index] = try pair.sources(reference, candidate)
        } catch {
          outcomes[index] = .unreadable(error.description)
        }
      case (_?, nil): outcomes[index] = .onlyInReference
      case (nil, _): outcomes[index] = .onlyInCandidate
      }
    }
    let haveEqualBytes = try compareBytes(sources)
    for index in pairs.indices where outcomes[index] == nil {
      if haveEqualBytes[index] {
        outcomes[index] = .equalBytes
        sources[index] = nil
      } else if let both = sources[index], !both.canBeDecoded {
        outcomes[index] = .unreadable(Self.words(both))
        sources[index] = nil
      }
    }
    let errors = try compareValues(sources)
    let baselines = try baselines(sources, errors)
    return pairs.indices.map { index in
      let pair = pairs[index]
      let measured = errors[index].total
      let isEqual = measured.differingCount == 0
      return TensorComparison(
        identity: pair.identity, reference: pair.reference?.descriptor, candidate: pair.candidate?.descriptor,
        isTied: pair.isTied, outcome: outcomes[index] ?? (isEqual ? .equalValues : .different(measured)),
        baselineError: baselines[index].error, wrongRows: baselines[index].rows)
    }
  }

  private func compareBytes(_ sources: [TensorPair.Sources?]) throws -> [Bool] {
    let jobs = sources.indices.flatMap { index -> [Job] in
      guard let both = sources[index], both.haveOneFormat else { return [] }
      return both.slabs(comparing: .bytes).map { Job(pairIndex: index, elements: $0) }
    }
    let equal = Mutex(sources.map { $0?.haveOneFormat == true })
    try Parallel.forEach(jobs.count, threads: threads, state: { SlabComparer() }) { comparer, index in
      let job = jobs[index]
      // One difference decides about the tensor.
      guard let both = sources[job.pairIndex], equal.withLock({ $0[job.pairIndex] }) else { return }
      if try comparer.bytesAreEqual(both, job.elements) {
        progress(both.reference.byteCount(job.elements))
      } else {
        equal.withLock { $0[job.pairIndex] = false }
      }
    }
    return equal.withLock { $0 }
  }

  private func compareValues(_ sources: [TensorPair.Sources?]) throws -> [TensorErrors] {
    let jobs = sources.indices.flatMap { index -> [Job] in
      sources[index]?.slabs(comparing: .values).map { Job(pairIndex: index, elements: $0) } ?? []
    }
    let results = Mutex([TensorErrors?](repeating: nil, count: jobs.count))
    try Parallel.forEach(jobs.count, threads: threads, state: { SlabComparer() }) { comparer, index in
      let job = jobs[index]
      guard let both = sources[job.pairIndex] else { return }
      let errors = try comparer.errors(both, job.elements, rowLimit: usesBaseline ? both.rowLimit : nil)
      results.withLock { $0[index] = errors }
      progress(both.reference.byteCount(job.elements))
    }
    var merged = [TensorErrors](repeating: TensorErrors(), count: sources.count)
    for (job, errors) in zip(jobs, results.withLock { $0 }) {
      if let errors { merged[job.pairIndex].merge(errors) }
    }
    return merged
  }

  /// The baseline error of a tensor above the limit, and the rows that the baseline does not explain.
  private typealias Baseline = (error: Double?, rows: [TensorComparison.WrongRow])

  private func baselines(
    _ sources: [TensorPair.Sources?], _ errors: [TensorErrors]
  ) throws -> [Baseline] {
    try sources.indices.map { index in
      guard usesBaseline, let both = sources[index], let limit = both.expectedError else { return (nil, []) }
      let rows = try wrongRows(both, errors[index].rows)
      guard errors[index].total.normalizedMeanSquareError > limit, both.canBeEncoded else { return (nil, rows) }
      return (try baselineError(both), rows)
    }
  }

  private func baselineError(_ both: TensorPair.Sources) throws -> Double {
    let slabs = both.slabs(comparing: .values)
    let results = Mutex([ErrorMetrics](repeating: ErrorMetrics(), count: slabs.count))
    try Parallel.forEach(slabs.count, threads: threads, state: { SlabComparer() }) { comparer, index in
      let errors = try comparer.baselineErrors(both, slabs[index])
      results.withLock { $0[index] = errors }
    }
    return results.withLock { $0.reduce(into: ErrorMetrics()) { $0.merge($1) } }.normalizedMeanSquareError
  }

  /// Returns the rows with more than three times the baseline error; importance weighting explains less.
  private func wrongRows(_ both: TensorPair.Sources, _ rows: [RowError]) throws -> [TensorComparison.WrongRow] {
    var comparer = SlabComparer()
    let width = both.rowElementCount
    return try rows.sorted { $0.row < $1.row }.compactMap { row in
      let error = row.errors.normalizedMeanSquareError
      guard both.canBeEncoded else { return TensorComparison.WrongRow(row: row.row, error: error, baselineError: nil) }
      let baseline = try comparer.baselineErrors(both, row.row * width..<(row.row + 1) * width)
      return error > 3 * baseline.normalizedMeanSquareError
        ? TensorComparison.WrongRow(
          row: row.row, error: error, baselineError: baseline.normalizedMeanSquareError) : nil
    }
  }

  private static func words(_ both: TensorPair.Sources) -> String {
    let formats = both.haveOneFormat ? [both.reference.format] : [both.reference.format, both.candidate.format]
    return (both.haveOneFormat ? "the bytes differ, and " : "") + formats.map(\.name).joined(separator: " or ")
      + " cannot be decoded"
  }
}

extension TensorPair.Sources {
  /// The limit for quantizing the tensor; nil if nothing may change.
  fileprivate var expectedError: Double? {
    candidate.format.holdsEveryValue(of: reference.format) ? nil : candidate.format.expectedErrorLimit
  }

  /// The error above which a row is examined: four times the tensor's limit, at most half of the row's energy.
  fileprivate var rowLimit: Double? {
    guard rowElementCount < reference.descriptor.shape.elementCount else { return nil }
    return expectedError.map { min(4 * $0, 0.5) }
  }

  /// Whether the reference's rows can be quantized to the candidate's format.
  fileprivate var canBeEncoded: Bool {
    Codec.canEncode(candidate.format) && rowElementCount % candidate.format.elementsPerBlock == 0
      && !reference.format.isWiderThanFloat32
  }
}
