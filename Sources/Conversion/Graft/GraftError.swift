import Architectures
import Bytes
import Models
import Tensors

/// Why tensors of one model cannot be put into a file of another.
public enum GraftError: IngotError {
  case otherArchitecture(own: String, other: String)
  /// One model is known by names alone, the other not, or in another container.
  case unknownArchitecture
  /// Formats are chosen by names that nobody knows.
  case typeOfUnknown
  case contradiction(Model.HyperparameterContradiction, own: String)
  case matchesNothing(pattern: String, nearest: String?)
  /// Names in the two schemes match the pattern, but of different tensors.
  case ambiguous(pattern: String, bySource: TensorName, byOutput: TensorName)
  /// Only some of the tensors that one of the output is made of match.
  case partOfTensor(TensorName, matched: Int, sourceCount: Int, missing: TensorName)
  case shape(TensorName, own: Shape, other: Shape)
  /// A tensor that would be replaced has other values, too.
  case replacesMore(TensorName, by: TensorName)
  /// The output would have other names than the file that gets the tensors.
  case unwrittenScheme(String)
  case needsOneFile(path: String)

  /// Whether it is about the model that has the tensors.
  var isOfDonor: Bool {
    switch self {
    case .typeOfUnknown, .needsOneFile, .unwrittenScheme: false
    default: true
    }
  }

  public var category: ErrorCategory {
    switch self {
    case .matchesNothing, .ambiguous, .partOfTensor, .typeOfUnknown, .needsOneFile: .usage
    default: .input
    }
  }

  public var description: String {
    switch self {
    case .otherArchitecture(let own, let other):
      "is of architecture \(other), but the file that gets its tensors is of \(own) (graft files of one model)"
    case .unknownArchitecture:
      "no definition fits one of the two models, so tensors go by their names, which need the same container"
    case .typeOfUnknown: "--type needs an architecture definition, which this model has none of (leave it out)"
    case .contradiction(let contradiction, let own):
      "\(contradiction.name) is \(contradiction.other), but \(contradiction.own) in \(own.escapedForDisplay) "
        + "(graft files of one model)"
    case .matchesNothing(let pattern, let nearest):
      "--tensors \(pattern.quoted) matches no tensor" + (nearest.map { " (did you mean \($0.quoted)?)" } ?? "")
    case .ambiguous(let pattern, let bySource, let byOutput):
      "--tensors \(pattern.quoted) matches \(bySource.text.quoted) by its name here, and \(byOutput.text.quoted) by its name in "
        + "the output (write a pattern for one of them)"
    case .partOfTensor(let name, let matched, let count, let missing):
      "\(matched.grouped) of \(counted(count, "tensor")) that make \(name.text.quoted) match --tensors, but not "
        + "\(missing.text.quoted) (match all of them)"
    case .shape(let name, let own, let other):
      "tensor \(name.text.quoted): has shape \(other), but \(own) in the file that gets it (graft files of one model)"
    case .replacesMore(let name, let by):
      "tensor \(name.text.quoted): would be replaced by \(by.text.quoted), which is only a part of it (match the others too)"
    case .unwrittenScheme(let scheme):
      "files in the naming scheme \(scheme.quoted) are read only (convert the model first)"
    case .needsOneFile(let path):
      "\(path.escapedForDisplay): is not one file, which can be replaced (pass -o)"
    }
  }
}
