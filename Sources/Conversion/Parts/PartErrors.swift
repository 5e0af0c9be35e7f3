import Bytes
import Models
import Quantization

/// The errors of encoding in a part, in the order of the output, so that the sums of a tensor in several parts have the bits of
/// a single run: one report of a tensor that begins in the part, otherwise one of each slab.
struct PartErrors: Sendable {
  /// The slabs of one tensor in a part.
  private struct Group {
    let file: Int, tensor: Int
    /// The elements of each slab.
    var elementCounts: [Int]
    /// Whether the first of them is the first of the tensor.
    let isSummed: Bool
    /// The elements of the tensor before the part.
    let precedingCount: Int

    /// The most elements that each report can have.
    var limits: [Int] { isSummed ? [elementCounts.reduce(0, +)] : elementCounts }
  }

  private let groups: [Group]
  private var reports: [[EncodingReport?]]

  /// - Parameter jobs: the jobs of the part, in order.
  private init(_ jobs: [Job], of plan: ConversionPlan) {
    var groups: [Group] = []
    for job in jobs {
      guard case .slab(let slab) = job.work else { continue }
      var width = 0
      if case .rows(let reader) = plan.files[job.fileIndex].tensors[slab.tensorIndex].source {
        width = reader.geometry.rowElementCount
      }
      let count = slab.rows.count * width
      if let last = groups.last, last.file == job.fileIndex, last.tensor == slab.tensorIndex {
        groups[groups.count - 1].elementCounts.append(count)
      } else {
        groups.append(
          Group(
            file: job.fileIndex, tensor: slab.tensorIndex, elementCounts: [count], isSummed: slab.byteOffset == 0,
            precedingCount: slab.rows.lowerBound * width))
      }
    }
    self.groups = groups
    reports = groups.map { [EncodingReport?](repeating: nil, count: $0.limits.count) }
  }

  /// The errors of jobs that are done: a report of each that makes values.
  init(_ jobs: [Job], of plan: ConversionPlan, reports found: [EncodingReport?]) {
    self.init(jobs, of: plan)
    var slabs = zip(jobs, found).compactMap { job, report -> EncodingReport?? in
      if case .slab = job.work { .some(report) } else { nil }
    }[...]
    for (index, group) in groups.enumerated() {
      let own = slabs.prefix(group.elementCounts.count)
      slabs = slabs.dropFirst(group.elementCounts.count)
      guard group.isSummed else {
        reports[index] = Array(own)
        continue
      }
      for case let report? in own {
        var sum = reports[index][0] ?? EncodingReport()
        sum.merge(report)
        reports[index][0] = sum
      }
    }
  }

  /// The recorded errors; nil if they are not those of these jobs.
  init?(_ jobs: [Job], of plan: ConversionPlan, record: JSON?) {
    self.init(jobs, of: plan)
    guard let lists = record?.array, lists.count == groups.count else { return nil }
    for (index, list) in lists.enumerated() {
      let limits = groups[index].limits
      guard let records = list.array, records.count == limits.count else { return nil }
      for (position, record) in records.enumerated() where !record.isNull {
        guard let report = EncodingReport(record: record, limit: limits[position]) else { return nil }
        reports[index][position] = report
      }
    }
  }

  /// A list of reports for each tensor.
  var record: JSON { .array(reports.map { .array($0.map { $0?.record ?? .null }) }) }

  /// Adds all reports to the sums of the tensors.
  func add(to sums: inout TensorReports) {
    for (group, reports) in zip(groups, reports) {
      for report in reports { sums.add(report, to: group.tensor, in: group.file) }
    }
  }

  /// The outcome of each tensor as far as it is in this part; elements before count as unchanged.
  func outcomes(of plan: ConversionPlan) -> [TensorOutcome] {
    zip(groups, reports).map { group, reports in
      var sum = EncodingReport(unchanged: group.precedingCount)
      for case let report? in reports { sum.merge(report) }
      return TensorOutcome(tensor: plan.files[group.file].tensors[group.tensor], report: sum)
    }
  }
}
