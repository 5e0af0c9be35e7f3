import Bytes

/// Why there is no certificate, or why a file is none.
public enum CertificateError: IngotError, Equatable {
  /// The receipt is about other files than the candidate's.
  case otherReceipt
  /// The file is no in-toto statement.
  case notAStatement(found: String)
  /// It is one about something else.
  case otherPredicate(found: String)
  /// A member is missing or of another kind.
  case malformed(member: String)

  public var category: ErrorCategory { .input }

  public var description: String {
    switch self {
    case .otherReceipt: "is not a receipt of the candidate: its outputs are other files"
    case .notAStatement(let found):
      "is not a certificate: _type is \(found), expected \(Certificate.statementType.quoted)"
    case .otherPredicate(let found):
      "is not a certificate of a verification: predicateType is \(found), expected \(Certificate.predicateType.quoted)"
    case .malformed(let member): "member \(member.quoted) is missing or malformed"
    }
  }
}
