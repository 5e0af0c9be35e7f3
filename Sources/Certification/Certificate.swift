import Bytes
import Evaluation
import Models
import Verification

/// An attestation of a verification that others can check: an in-toto Statement about the candidate's files.
///
/// The statement contains the SHA-256 of every file of both models, the conversion if it is known, the measurements, the
/// budget, and the verdict. It contains no time and no machine, so the same verification gives the same bytes. Any tool
/// that signs in-toto statements can sign it.
public struct Certificate: Sendable {
  /// The type of the statement, see in-toto's specification.
  public static let statementType = "https://in-toto.io/Statement/v1"
  /// The type of the predicate, whose members `docs/certify.md` gives.
  public static let predicateType = "urn:ingot:verification:1"

  /// The files of both models.
  public let reference: CertifiedFiles, candidate: CertifiedFiles
  /// The files of the adapters that are merged into the reference.
  public let adapters: [CertifiedFiles]
  /// The arguments of the conversion that made the candidate, if they came from a receipt.
  public let conversion: [String]?
  /// The other files that the conversion read, such as an importance matrix.
  public let inputs: [CertifiedInput]
  /// Whether the candidate stayed within its budget.
  public let passes: Bool
  /// The version of the program that measured.
  public let version: String
  /// The whole statement.
  public let statement: JSON

  /// Certifies a verification.
  ///
  /// - Parameters:
  ///   - receipt: the receipt of the conversion, whose outputs must be files of the candidate.
  ///   - threads: for the digests of the files.
  ///   - progress: receives the bytes digested since the last call, on any thread.
  /// - Throws: errors of reading the files; `CertificateError.otherReceipt`.
  public init(
    _ verification: ModelVerification, receipt: JSON? = nil, version: String, threads: Int = Parallel.coreCount,
    progress: @escaping FileDigest.Progress = { _ in }
  ) throws {
    let logits = verification.logits
    reference = try CertifiedFiles(logits.reference, threads: threads, progress: progress)
    candidate = try CertifiedFiles(logits.candidate, threads: threads, progress: progress)
    adapters = try logits.reference.adapters.map {
      try CertifiedFiles($0, threads: threads, progress: progress)
    }
    let certified = candidate
    let arguments = try receipt.map { try Self.arguments(of: $0, certified) }
    conversion = arguments
    let inputs = try (receipt?["other_inputs"]?.array ?? []).map { entry throws(CertificateError) in
      guard let input = CertifiedInput(receipt: entry) else { throw .malformed(member: "other_inputs") }
      return input
    }
    self.inputs = inputs
    passes = verification.passes
    self.version = version
    var measured = verification.json.object ?? [:]
    // Members that the certificate has elsewhere.
    let stated = ["schema", "reference", "candidate", "passes", "findings", "conversion", "quality"]
    for key in stated { measured[ExactString(key)] = nil }
    statement = .members([
      "_type": .string(Self.statementType),
      "subject": candidate.descriptors,
      "predicateType": .string(Self.predicateType),
      "predicate": .members([
        "tool": .members(["name": .string(ToolInfo.name), "version": .string(version)]),
        "verdict": .string(verification.passes ? "passed" : "failed"),
        "verdicts": .object(verification.verdicts),
        "reference": Self.describe(logits.reference, reference, adapters),
        "candidate": Self.describe(logits.candidate),
        "conversion": arguments.map {
          .members(["arguments": .array($0.map(JSON.string)), "inputs": .array(inputs.map(\.json))])
        } ?? .null,
        "token_ids_sha256": .string(Self.digest(of: logits.tokens)),
        "measured": .object(measured),
        "findings": verification.findings.json,
      ]),
    ])
  }

  private static func describe(
    _ model: Model, _ files: CertifiedFiles? = nil, _ adapters: [CertifiedFiles] = []
  ) -> JSON {
    var members = DiffSide(model).json.object ?? [:]
    members["files"] = files?.descriptors
    if !adapters.isEmpty {
      members["adapters"] = .array(
        adapters.map { .members(["path": .string($0.path), "files": $0.descriptors]) })
    }
    return .object(members)
  }

  /// The digest of the ids as decimal numbers, a chunk a line, separated by commas.
  private static func digest(of tokens: TokenChunks) -> String {
    let lines = tokens.chunks.map { $0.map(String.init).joined(separator: ",") + "\n" }
    return FileDigest.sha256(Array(lines.joined().utf8))
  }

  /// Throws unless the weights among a receipt's outputs have sizes of the candidate's files; no file is digested.
  public static func requireSizes(in receipt: JSON, of candidate: Model) throws(CertificateError) {
    let sizes = Set(candidate.checkpoint.storedFiles.map(\.stored.byteCount))
    let outputs = receipt["outputs"]?.array ?? []
    // Of a folder, the receipt also lists configuration and tokenizer.
    let weights = outputs.filter { CertifiedFiles.File.isWeights($0["name"]?.string ?? "") }
    let all = (weights.isEmpty ? outputs : weights).map { $0["bytes"]?.integer }
    guard receipt["options"]?.array != nil, !all.isEmpty, all.allSatisfy({ $0.map(sizes.contains) ?? false }) else {
      throw .otherReceipt
    }
  }

  /// Returns the arguments in a receipt, if its outputs are files of the candidate.
  private static func arguments(of receipt: JSON, _ candidate: CertifiedFiles) throws(CertificateError) -> [String] {
    let digests = Set(receipt["outputs"]?.array?.compactMap { $0["sha256"]?.string } ?? [])
    guard let options = receipt["options"]?.array, !digests.isEmpty,
      digests.isSubset(of: candidate.files.map(\.sha256))
    else { throw .otherReceipt }
    return options.compactMap(\.string)
  }
}
