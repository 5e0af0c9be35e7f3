import Bytes
import Models
import Quantization
import Synchronization
import Tensors

/// Compares pairs of tensors on all cores; the results do not depend on how many there are.
///
/// First bytes alone, where both have one format and layout; then the numbers of what is not equal by its bytes.
struct TensorComparer: Sendable {
  let threads: Int
  /// Whether what formats are expected to cost decides: then rows are looked at one by one, and what exceeds the
  /// expected is compared with an honest encoding.
  let judgesByFormat: Bool
  /// Is told the bytes of the reference done since the last call, from any thread.
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
    let expectations = try expectations(sources, errors)
    return pairs.indices.map { index in
      let pair = pairs[index]
      let measured = errors[index].total
      // Integers of 64 bits may differ by less than a double shows; other bytes then still mean other numbers.
      let isEqual = measured.differingCount == 0 && sources[index]?.hidesDifferences != true
      return TensorComparison(
        place: pair.place, reference: pair.reference?.descriptor, candidate: pair.candidate?.descriptor,
        isTied: pair.isTied, outcome: outcomes[index] ?? (isEqual ? .equalValues : .different(measured)),
        baselineError: expectations[index].error, wrongRows: expectations[index].rows)
    }
  }

  private func compareBytes(_ sources: [TensorPair.Sources?]) throws -> [Bool] {
    let jobs = sources.indices.flatMap { index -> [Job] in
      guard let both = sources[index], both.haveOneFormat else { return [] }
      return both.slabs(ofBytesAlone: true).map { Job(pairIndex: index, elements: $0) }
    }
    let equal = Mutex(sources.map { $0?.haveOneFormat == true })
    try Parallel.forEach(jobs.count, threads: threads, state: { SlabComparer() }) { comparer, index in
      let job = jobs[index]
      // A difference found already decides about the tensor, whichever slab showed it.
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
      sources[index]?.slabs(ofBytesAlone: false).map { Job(pairIndex: index, elements: $0) } ?? []
    }
    let results = Mutex([TensorErrors?](repeating: nil, count: jobs.count))
    try Parallel.forEach(jobs.count, threads: threads, state: { SlabComparer() }) { comparer, index in
      let job = jobs[index]
      guard let both = sources[job.pairIndex] else { return }
      let errors = try comparer.errors(both, job.elements, rowLimit: judgesByFormat ? both.rowLimit : nil)
      results.withLock { $0[index] = errors }
      progress(both.reference.byteCount(job.elements))
    }
    var merged = [TensorErrors](repeating: TensorErrors(), count: sources.count)
    for (job, errors) in zip(jobs, results.withLock { $0 }) {
      if let errors { merged[job.pairIndex].merge(errors) }
    }
    return merged
  }

  /// What an honest encoding of the whole tensor costs where it is beyond the limit, and the rows that none explains.
  private typealias Expectation = (error: Double?, rows: [TensorComparison.WrongRow])

  private func expectations(
    _ sources: [TensorPair.Sources?], _ errors: [TensorErrors]
  ) throws -> [Expectation] {
    try sources.indices.map { index in
      guard judgesByFormat, let both = sources[index], let limit = both.expectedError else { return (nil, []) }
      let rows = try wrongRows(both, errors[index].rows)
      guard errors[index].total.normalizedMeanSquareError > limit, both.canBeEncoded else { return (nil, rows) }
      return (try baselineError(both), rows)
    }
  }

  private func baselineError(_ both: TensorPair.Sources) throws -> Double {
    let slabs = both.slabs(ofBytesAlone: false)
    let results = Mutex([ErrorMetrics](repeating: ErrorMetrics(), count: slabs.count))
    try Parallel.forEach(slabs.count, threads: threads, state: { SlabComparer() }) { comparer, index in
      let errors = try comparer.encodingErrors(both, slabs[index])
      results.withLock { $0[index] = errors }
    }
    return results.withLock { $0.reduce(into: ErrorMetrics()) { $0.merge($1) } }.normalizedMeanSquareError
  }

  /// The rows that are worse than the same rows of the reference, encoded, by more than weighing columns explains.
  private func wrongRows(_ both: TensorPair.Sources, _ rows: [RowError]) throws -> [TensorComparison.WrongRow] {
    var comparer = SlabComparer()
    let width = both.rowElementCount
    return try rows.sorted { $0.row < $1.row }.compactMap { row in
      let error = row.errors.normalizedMeanSquareError
      guard both.canBeEncoded else { return TensorComparison.WrongRow(row: row.row, error: error, baselineError: nil) }
      let honest = try comparer.encodingErrors(both, row.row * width..<(row.row + 1) * width)
      return error > 3 * honest.normalizedMeanSquareError
        ? TensorComparison.WrongRow(
          row: row.row, error: error, baselineError: honest.normalizedMeanSquareError) : nil
    }
  }

  private static func words(_ both: TensorPair.Sources) -> String {
    let formats = both.haveOneFormat ? [both.reference.format] : [both.reference.format, both.candidate.format]
    return (both.haveOneFormat ? "the bytes differ, and " : "") + formats.map(\.name).joined(separator: " or ")
      + " cannot be decoded"
  }
}

extension TensorPair.Sources {
  /// The error that an honest encoding of the tensor is expected to stay below; nil where nothing may change.
  fileprivate var expectedError: Double? {
    candidate.format.holdsEveryValue(of: reference.format) ? nil : candidate.format.expectedErrorLimit
  }

  /// The error from which on a row is looked at: four times the tensor's, and half of all that a row holds at most.
  fileprivate var rowLimit: Double? {
    guard rowElementCount < reference.descriptor.shape.elementCount else { return nil }
    return expectedError.map { min(4 * $0, 0.5) }
  }

  /// Whether the reference's rows can be encoded as the candidate's are.
  fileprivate var canBeEncoded: Bool {
    Codec.canEncode(candidate.format) && rowElementCount % candidate.format.elementsPerBlock == 0
      && !reference.format.isWiderThanFloat
  }

  /// Whether bytes that differ mean numbers that differ, though doubles may not show it.
  fileprivate var hidesDifferences: Bool {
    haveOneFormat && [.i64, .u64].contains(reference.format)
  }
}

extension TensorSource {
  /// The bytes of `elements`.
  fileprivate func byteCount(_ elements: Range<Int>) -> Int {
    elements.count / format.elementsPerBlock * format.bytesPerBlock
  }
}
