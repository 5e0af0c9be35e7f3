import Bytes
import Models
import Synchronization
import Tensors

/// Compares pairs of tensors on all cores; the results do not depend on how many there are.
///
/// First bytes alone, where both have one format and layout; then the numbers of what is not equal by its bytes.
struct TensorComparer: Sendable {
  let threads: Int
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
        do throws(FileFact) {
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
    let metrics = try compareValues(sources)
    return pairs.indices.map { index in
      let pair = pairs[index]
      let measured = metrics[index]
      // Integers of 64 bits may differ by less than a double shows; other bytes then still mean other numbers.
      let isEqual = measured.differingCount == 0 && sources[index]?.hidesDifferences != true
      return TensorComparison(
        place: pair.place, reference: pair.reference?.descriptor, candidate: pair.candidate?.descriptor,
        isTied: pair.isTied, outcome: outcomes[index] ?? (isEqual ? .equalValues : .different(measured)))
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

  private func compareValues(_ sources: [TensorPair.Sources?]) throws -> [ErrorMetrics] {
    let jobs = sources.indices.flatMap { index -> [Job] in
      sources[index]?.slabs(ofBytesAlone: false).map { Job(pairIndex: index, elements: $0) } ?? []
    }
    let results = Mutex([ErrorMetrics?](repeating: nil, count: jobs.count))
    try Parallel.forEach(jobs.count, threads: threads, state: { SlabComparer() }) { comparer, index in
      let job = jobs[index]
      guard let both = sources[job.pairIndex] else { return }
      let metrics = try comparer.metrics(both, job.elements)
      results.withLock { $0[index] = metrics }
      progress(both.reference.byteCount(job.elements))
    }
    var merged = [ErrorMetrics](repeating: ErrorMetrics(), count: sources.count)
    for (job, metrics) in zip(jobs, results.withLock { $0 }) {
      if let metrics { merged[job.pairIndex].merge(metrics) }
    }
    return merged
  }

  private static func words(_ both: TensorPair.Sources) -> String {
    let formats = both.haveOneFormat ? [both.reference.format] : [both.reference.format, both.candidate.format]
    return (both.haveOneFormat ? "the bytes differ, and " : "") + formats.map(\.name).joined(separator: " or ")
      + " cannot be decoded"
  }
}

extension TensorPair.Sources {
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
