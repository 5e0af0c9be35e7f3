import Bytes
import Formats

extension Certificate {
  /// Reads a certificate.
  ///
  /// - Throws: `CertificateError` if `statement` is not a certificate.
  public init(_ statement: JSON) throws(CertificateError) {
    guard statement["_type"]?.string == Self.statementType else {
      throw .notAStatement(found: Self.found(statement["_type"]))
    }
    guard statement["predicateType"]?.string == Self.predicateType else {
      throw .otherPredicate(found: Self.found(statement["predicateType"]))
    }
    guard let predicate = statement["predicate"] else { throw .malformed(member: "predicate") }
    guard let verdict = predicate["verdict"]?.string else { throw .malformed(member: "predicate.verdict") }
    guard let version = predicate["tool"]?["version"]?.string else { throw .malformed(member: "predicate.tool") }
    reference = try Self.files(predicate["reference"], predicate["reference"]?["files"], "predicate.reference")
    candidate = try Self.files(predicate["candidate"], statement["subject"], "subject")
    var adapters: [CertifiedFiles] = []
    for adapter in predicate["reference"]?["adapters"]?.array ?? [] {
      adapters.append(try Self.files(adapter, adapter["files"], "predicate.reference.adapters"))
    }
    self.adapters = adapters
    if let recorded = predicate["conversion"], !recorded.isNull {
      guard let arguments = recorded["arguments"]?.array else { throw .malformed(member: "predicate.conversion") }
      conversion = arguments.compactMap(\.string)
      inputs = try (recorded["inputs"]?.array ?? []).map { entry throws(CertificateError) in
        guard let input = CertifiedInput(entry) else { throw .malformed(member: "predicate.conversion.inputs") }
        return input
      }
    } else {
      conversion = nil
      inputs = []
    }
    passes = verdict == "passed"
    self.version = version
    self.statement = statement
  }

  private static func found(_ member: JSON?) -> String {
    member.map { $0.text(.compact).escapedForDisplay } ?? "absent"
  }

  private static func files(
    _ model: JSON?, _ list: JSON?, _ keyPath: String
  ) throws(CertificateError) -> CertifiedFiles {
    guard let path = model?["path"]?.string, let entries = list?.array, !entries.isEmpty else {
      throw .malformed(member: keyPath)
    }
    var files: [CertifiedFiles.File] = []
    for entry in entries {
      // A name must not lead out of the folder of the model; files of ranks are in folders below it.
      guard let name = entry["name"]?.string, let path = ShardName.pathInFolder(name),
        ExactString(path) == ExactString(name), let digest = entry["digest"]?["sha256"]?.string
      else { throw .malformed(member: keyPath) }
      files.append(CertifiedFiles.File(name: name, sha256: digest))
    }
    return CertifiedFiles(path: path, files: files)
  }
}
