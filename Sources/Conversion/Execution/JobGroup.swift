import Models
import Tensors

/// Jobs of several outputs that need the same rows of the source, which are read and decoded once; a copy is on its own.
struct JobGroup {
  /// A job of one output.
  struct Member {
    /// The index of the output among those that are written together, and of the job in it.
    let output: Int, job: Int
  }

  var members: [Member]
}

extension [JobGroup] {
  /// The jobs of `sets`, in the order of the first output that has them.
  init(_ sets: [OutputSet]) {
    self = []
    var rows = RowNumbers(), groups: [[Int]: Int] = [:]
    for (output, set) in sets.enumerated() {
      let numbers = set.plan.files.map { file in file.tensors.map { sets.count > 1 ? rows.number(of: $0) : nil } }
      for (index, job) in set.jobs.enumerated() {
        let member = JobGroup.Member(output: output, job: index)
        guard case .slab(let slab) = job.work, let number = numbers[job.fileIndex][slab.tensorIndex] else {
          append(JobGroup(members: [member]))
          continue
        }
        let key = [number, slab.rows.lowerBound, slab.rows.upperBound]
        if let group = groups[key] {
          self[group].members.append(member)
        } else {
          groups[key] = count
          append(JobGroup(members: [member]))
        }
      }
    }
  }
}

/// A number for the rows of each tensor; tensors of several outputs with the same rows have one.
private struct RowNumbers {
  /// The rows, and the slot that adapters of the model may change.
  private struct Rows: Hashable {
    let identity: RowReader.Identity
    let layer: Int?, instance: Int?
  }

  private var numbers: [Rows: Int] = [:]

  /// Nil for a tensor whose rows are not shared.
  mutating func number(of tensor: PlannedTensor) -> Int? {
    guard case .rows(let reader) = tensor.source, !tensor.isCopy, let identity = reader.identity else { return nil }
    let rows = Rows(identity: identity, layer: tensor.purpose.layer, instance: tensor.purpose.instance)
    let number = numbers[rows] ?? numbers.count
    numbers[rows] = number
    return number
  }
}
