import Architectures
import Bytes
import Tensors

/// Why one tensor cannot be used as asked.
public struct TensorProblem: IngotError {
  /// What is wrong.
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
  /// The fact.
  public let fact: Reason

  /// Says `fact` of a tensor.
  public init(_ tensor: TensorDescriptor, _ fact: Reason) { self.init(tensor.name, fact) }

  /// Says `fact` of a tensor's name.
  public init(_ name: TensorName, _ fact: Reason) {
    self.name = name
    self.fact = fact
  }

  public var category: ErrorCategory { .input }

  public var description: String { "tensor \(name.text.quoted): \(words)" }

  private var words: String {
    switch fact {
    case .unknownFormat(let name): "has storage format \(name), which is not known"
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
    case .invalidShape: "the model's numbers give it no possible shape"
    case .twiceInRole(let role, let other): "is the \(role.words), and so is \(other.text.quoted)"
    case .differsInRole(let role, let other):
      "is the \(role.words), and so is \(other.text.quoted), which has other values (one of them must go)"
    case .layerBeyondEnd(let layer, let count):
      "belongs to layer \(layer.grouped) but the model has \(counted(count, "layer")) (0 to \((count - 1).grouped))"
    case .instanceBeyondEnd(let instance, let count):
      "is number \(instance.grouped) of \(count.grouped) in its layer (0 to \((count - 1).grouped))"
    case .bigEndian: "is stored big-endian, which is described but not converted"
    case .notDecodable(let format): "has storage format \(format), which cannot be decoded"
    case .notEncodable(let format): "is to become \(format), which cannot be encoded"
    case .nonfinite(let row, let column, let format):
      "row \(row.grouped), column \(column.grouped) is not a finite number, "
        + (format.isQuantized ? "which \(format) cannot hold" : "which is not encoded as \(format)")
    case .overflows(let count, let row, let column, let format):
      "\(counted(count, "value")) overflow \(format), first at row \(row.grouped), column \(column.grouped) (use BF16 or F32)"
    case .layoutNeedsNumbers:
      "its layout depends on the number of heads, which no file states (put config.json or params.json beside it)"
    case .isComplex: "holds complex numbers, which no architecture here has"
    }
  }
}

extension TensorProblem.Reason {
  /// Why a layout cannot be had, as a fact about the tensor.
  public init(_ misfit: LayoutError) {
    self =
      switch misfit {
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
