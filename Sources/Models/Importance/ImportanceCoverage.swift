import Bytes
import Formats
import Quantization
import Tensors

/// The matrices of a model for which an importance matrix has entries, and the gaps.
public struct ImportanceCoverage: Sendable {
  /// A missing, unknown or wrong entry.
  public enum Gap: Sendable, Hashable {
    /// A matrix of a layer has no entry.
    case missing(TensorName)
    /// An entry belongs to no tensor of the model.
    case unknown(TensorName)
    /// An entry has another number of values than the tensor has columns, expert after expert.
    case size(TensorName, found: Int, expected: Int)
    /// The entry has a count of 0.
    case unused(TensorName)
    /// Rows were counted, but every value is zero.
    case zeros(TensorName)
    /// Some experts have a count of 0.
    case unusedExperts(TensorName, [Int], of: Int)
  }

  /// Matrices with an entry that fits, and all matrices of layers that recipes quantize.
  public private(set) var coveredCount = 0, matrixCount = 0
  /// The gaps of the model's tensors, then the entries that belong to none.
  public private(set) var gaps: [Gap] = []

  /// Compares `matrix` with the tensors of a model by their names in a GGUF; without tensors, checks counts alone.
  public init(_ matrix: ImportanceMatrix, _ tensors: [OutputTensor]?, architecture: String = "") {
    var known: Set<TensorName> = []
    for tensor in tensors ?? [] {
      known.insert(tensor.name)
      let isExpected =
        tensor.name.isOfGGUFLayer && Recipe.quantizes(tensor.name, tensor.shape, architecture: architecture)
      if isExpected { matrixCount += 1 }
      guard let entry = matrix.entry(tensor.name) else {
        if isExpected { gaps.append(.missing(tensor.name)) }
        continue
      }
      let expected = tensor.shape.columnCountOfAllExperts
      if entry.valueCount != expected {
        gaps.append(.size(tensor.name, found: entry.valueCount, expected: expected))
      } else if isExpected, !entry.hasOnlyZeros {
        coveredCount += 1
      }
    }
    for entry in matrix.entries {
      if tensors != nil, !known.contains(entry.name) { gaps.append(.unknown(entry.name)) }
      let unused = entry.unusedExperts
      if entry.hasOnlyZeros {
        gaps.append(.zeros(entry.name))
      } else if unused.count == entry.counts.count {
        gaps.append(.unused(entry.name))
      } else if !unused.isEmpty {
        gaps.append(.unusedExperts(entry.name, unused, of: entry.counts.count))
      }
    }
  }
}

extension ImportanceCoverage.Gap: CustomStringConvertible {
  /// The entry or tensor.
  public var name: TensorName {
    switch self {
    case .missing(let name), .unknown(let name), .size(let name, _, _), .unused(let name), .zeros(let name),
      .unusedExperts(let name, _, _):
      name
    }
  }

  public var description: String { "\(name.text.quoted) \(words)" }

  /// The gap, to follow the name.
  public var words: String {
    switch self {
    case .missing: "has no entry, so its columns are weighted equally"
    case .unknown: "is not a tensor of the model"
    case .size(_, let found, let expected): "has \(found.grouped) values, expected \(expected.grouped)"
    case .unused: "was never used, so its columns are weighted equally"
    case .zeros: "has only zeros, so its columns are weighted equally"
    case .unusedExperts(_, let experts, let count):
      "has \(counted(experts.count, "expert")) of \(count.grouped) that no token was routed to: "
        + experts.prefix(8).map(\.grouped).joined(separator: ", ") + (experts.count > 8 ? ", …" : "")
    }
  }
}
