import Bytes
import Tensors

/// Errors of several encoded tensors that have one cause, said once.
public struct EncodingErrorGroup: IngotError {
  /// The single errors, in the order of the tensors.
  public let members: [EncodingError]
  /// The form of the checkpoint.
  public let form: RecognizedForm

  public var category: ErrorCategory { .input }
  public var constituents: [any IngotError] { members }
  public var description: String {
    "is \(form.words), of which \(counted(members.count, "tensor")) cannot be decoded for one reason; first:"
      + " \(members.first?.description ?? "")"
  }
}

extension EncodedCheckpoint {
  /// The problems, those of several tensors with one cause in the place of the first of them.
  public var groupedProblems: [any IngotError] {
    guard let form else { return problems }
    let membersByCause = Dictionary(grouping: problems.filter { $0.cause != nil }, by: \.cause)
    var said: Set<String> = []
    return problems.compactMap { problem in
      guard let cause = problem.cause, let members = membersByCause[cause], members.count > 1 else { return problem }
      return said.insert(cause).inserted ? EncodingErrorGroup(members: members, form: form) : nil
    }
  }
}

extension EncodingError {
  /// What errors of several tensors share if they have one cause; nil for errors of other kinds.
  fileprivate var cause: String? {
    switch self {
    case .missingPart(_, let name): "missing \(Self.lastWord(name))"
    case .partFormat(let part, _, let expected):
      "\(Self.lastWord(part.name.text)) in \(part.declaredFormat), not \(expected)"
    case .partShape(let part, _, _): "shape of \(Self.lastWord(part.name.text))"
    case .noGroup: "no group"
    case .contradiction(let tensor, let group, let fact): "\(tensor.declaredFormat) in \(group), not \(fact)"
    default: nil
    }
  }

  private static func lastWord(_ name: String) -> Substring { name.split(separator: ".").last ?? name[...] }
}
