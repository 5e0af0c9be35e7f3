import Architectures
import Bytes
import Tensors

/// An error about one tensor.
public struct TensorProblem: IngotError {
  /// The reason, with the values that its wording needs.
  public enum Reason: Sendable, Hashable {
    case unknownFormat(String)
    case rowsAreNotWholeBlocks(format: StorageFormat, rowElementCount: Int)
    case unmapped(scheme: String)
    case missing(role: TensorRole)
    case wrongShape(found: Shape, expected: Shape, expression: String)
    case wrongElementCount(found: Int, expected: Int)
    case doesNotSplitIntoHeads(rowCount: Int, headCount: Int)
    case doesNotSplitIntoGroups(rowCount: Int, groupCount: Int)
    case invalidShape
    case twiceInRole(role: TensorRole, other: TensorName)
    case differsInRole(role: TensorRole, other: TensorName)
    case layerBeyondEnd(layer: Int, layerCount: Int)
    case instanceBeyondEnd(instance: Int, instanceCount: Int)
    case bigEndian
    case notDecodable(StorageFormat)
    case notEncodable(StorageFormat)
    case nonfinite(row: Int, column: Int, format: StorageFormat)
    case overflows(count: Int, row: Int, column: Int, format: StorageFormat)
    case isComplex
    case layoutNeedsNumbers
  }

  /// The tensor's name in the file it belongs to.
  public let name: TensorName
  public let reason: Reason
  /// The layer, where it matters to the reason.
  let layer: Int?
  /// Of a missing tensor the formula by which its layer must have it.
  let requirement: String?

  /// Creates the problem of a tensor.
  public init(_ tensor: TensorDescriptor, _ reason: Reason) { self.init(tensor.name, reason) }

  /// Creates the problem of the tensor with this name.
  public init(_ name: TensorName, _ reason: Reason, layer: Int? = nil, requirement: String? = nil) {
    self.name = name
    self.reason = reason
    self.layer = layer
    self.requirement = requirement
  }

  public var category: ErrorCategory { .input }

  public var description: String { "tensor \(name.text.quoted): \(words)" }

  private var words: String {
    switch reason {
    case .unknownFormat(let name): "has the unknown storage format \(name)"
    case .rowsAreNotWholeBlocks(let format, let count):
      "rows of \(count.grouped) elements do not fill whole blocks of \(format) (\(format.elementsPerBlock) elements)"
    case .unmapped(let scheme):
      "no tensor of the naming scheme \(scheme.quoted) has this name (--mapping FILE can name it)"
    case .missing(let role): "is missing (it is the \(role.words))"
    case .wrongShape(let found, let expected, let expression):
      "has shape \(found), expected \(expected) (\(expression))"
    case .wrongElementCount(let found, let expected):
      "has \(found.grouped) elements, expected \(expected.grouped)"
    case .doesNotSplitIntoHeads(let rows, let heads):
      "\(rows.grouped) rows do not split into \(heads.grouped) heads of an even number of rows"
    case .doesNotSplitIntoGroups(let rows, let groups):
      "\(rows.grouped) rows do not split into \(groups.grouped) equal groups"
    case .invalidShape: "the hyperparameters give it an impossible shape"
    case .twiceInRole(let role, let other):
      "also fills the slot \(role.words.quoted) of \(other.text.quoted) (remove one)"
    case .differsInRole(let role, let other):
      "also fills the slot \(role.words.quoted) of \(other.text.quoted), with other values (remove one)"
    case .layerBeyondEnd(let layer, let count):
      "belongs to layer \(layer.grouped) but the model has \(counted(count, "layer")) (0 to \((count - 1).grouped))"
    case .instanceBeyondEnd(let instance, let count):
      "is number \(instance.grouped) of \(count.grouped) in its layer (0 to \((count - 1).grouped))"
    case .bigEndian: "is big-endian, which is inspected but not converted"
    case .notDecodable(let format): "has storage format \(format), which cannot be decoded"
    case .notEncodable(let format): "cannot be encoded as \(format)"
    case .nonfinite(let row, let column, let format):
      "row \(row.grouped), column \(column.grouped) is not a finite number, "
        + (format.isQuantized ? "which \(format) cannot hold" : "which is not encoded as \(format)")
    case .overflows(let count, let row, let column, let format):
      "\(counted(count, "value")) overflow \(format), first at row \(row.grouped), column \(column.grouped) (use BF16 or F32)"
    case .layoutNeedsNumbers:
      "layout needs the head count, which is unknown (put config.json or params.json next to the file)"
    case .isComplex: "has complex values, expected real ones"
    }
  }
}

extension TensorProblem {
  /// Whether the architecture has no slot for the tensor, so that it can only be treated by its name.
  public var isOutsideArchitecture: Bool {
    switch reason {
    case .unmapped, .layerBeyondEnd, .instanceBeyondEnd: true
    default: false
    }
  }
}

extension Model {
  /// The problems that no output which keeps tensors by their names has: other tensors, and an absent output matrix.
  public var problemsOfStoredTensors: [any IngotError] {
    problems.filter { problem in
      // The members of a group have one cause.
      let tensor = (problem as? ProblemGroup)?.members.first ?? problem as? TensorProblem
      return tensor?.isOutsideArchitecture != true && !(problem is AbsentHead)
    }
  }

  /// The stored tensors that fill no slot: those that carry nothing for the architecture, and those that it does not know.
  public var others: [TensorDescriptor] {
    var known = Set(tensors.map(\.descriptor.name))
    known.formUnion(derived.map(\.name))
    return checkpoint.tensors.filter { !known.contains($0.name) } + checkpoint.unused.map(\.tensor)
  }
}

extension TensorProblem.Reason {
  /// Creates the reason that a layout does not fit.
  public init(_ error: LayoutError) {
    self =
      switch error {
      case .needsNumbers: .layoutNeedsNumbers
      case .rowsDoNotSplitIntoHeads(let rows, let heads): .doesNotSplitIntoHeads(rowCount: rows, headCount: heads)
      case .rowsDoNotSplitIntoGroups(let rows, let groups): .doesNotSplitIntoGroups(rowCount: rows, groupCount: groups)
      case .invalidShape: .invalidShape
      }
  }
}

extension TensorRole {
  /// The role as words: `attention query`.
  var words: String { String(rawValue.map { $0 == "_" ? " " : $0 }) }
}
