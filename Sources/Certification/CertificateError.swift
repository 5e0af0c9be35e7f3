import Bytes

/// An error of writing or reading a certificate.
public enum CertificateError: IngotError, Equatable {
  /// The outputs of the receipt are not files of the candidate.
  case otherReceipt
  /// The file is not an in-toto statement.
  case notAStatement(found: String)
  /// The statement has another predicate.
  case otherPredicate(found: String)
  /// The conversion reads a file whose digest the certificate does not have.
  case uncertifiedInput(option: String, path: String)
  /// A member is missing or has another type.
  case malformed(member: String)

  public var category: ErrorCategory { .input }

  public var description: String {
    switch self {
    case .otherReceipt: "is not a receipt of the candidate: its outputs are other files"
    case .notAStatement(let found):
      "is not a certificate: _type is \(found), expected \(Certificate.statementType.quoted)"
    case .otherPredicate(let found):
      "is not a certificate of a verification: predicateType is \(found), expected \(Certificate.predicateType.quoted)"
    case .uncertifiedInput(let option, let path):
      "the conversion reads \(option) \(path.quoted), whose digest is not in the certificate, so it is not repeated"
    case .malformed(let member): "member \(member.quoted) is missing or malformed"
    }
  }
}
