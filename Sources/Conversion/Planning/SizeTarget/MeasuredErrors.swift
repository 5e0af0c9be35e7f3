import Bytes
import Tensors

/// The errors that an earlier run measured for a size target, so that all workers of a plan decide alike and none measures.
public struct MeasuredErrors: Sendable {
  /// What was measured of one matrix.
  struct Matrix {
    let rowCount: Int
    /// The formats that hold its values, coarse first.
    let candidates: [SizeTargetReport.Candidate]
  }

  private let matrices: [TensorName: Matrix]

  /// Reads the report of a size target, as `SizeTargetReport.json` writes it; nil if it is none.
  public init?(_ report: JSON?) {
    guard let listed = report?["tensors"]?.array else { return nil }
    var matrices: [TensorName: Matrix] = [:]
    for entry in listed {
      guard let name = entry["name"]?.string, let rowCount = entry["measured_rows"]?.integer,
        let listed = entry["candidates"]?.array
      else { return nil }
      let candidates = listed.compactMap(SizeTargetReport.Candidate.init)
      guard !candidates.isEmpty, candidates.count == listed.count else { return nil }
      matrices[TensorName(name)] = Matrix(rowCount: rowCount, candidates: candidates)
    }
    self.matrices = matrices
  }

  subscript(name: TensorName) -> Matrix? { matrices[name] }
}

extension SizeTargetReport.Candidate {
  fileprivate init?(_ json: JSON) {
    guard let format = json["format"]?.string.flatMap({ StorageFormat(named: $0) }),
      let byteCount = json["bytes"]?.integer,
      let error = json["nmse"]?.real, byteCount >= 0, error.isFinite, error >= 0
    else { return nil }
    self.init(format: format, byteCount: byteCount, error: error)
  }
}
