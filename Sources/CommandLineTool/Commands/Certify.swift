import ArgumentParser
import Ingot

struct Certify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks certificates that verify --certificate wrote.",
    subcommands: [CheckCertificate.self])
}

struct CheckCertificate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Holds the files on this machine against a certificate.",
    discussion: """
      Every file of the reference and of the candidate must have the SHA-256 that the certificate states. With \
      --rederive the conversion is done again from the reference, and its bytes must be the candidate's. Ends with \
      status 1 if anything differs, or if the certificate's verdict is a failure.
      """)

  @Argument(help: "The certificate.")
  var path: String

  @Option(help: ArgumentHelp("Where the reference is (default: where the certificate says).", valueName: "path"))
  var reference: String?

  @Option(help: ArgumentHelp("Where the candidate is (default: where the certificate says).", valueName: "path"))
  var candidate: String?

  @Flag(help: "Do the conversion again and compare the bytes.")
  var rederive = false

  @OptionGroup var report: ReportOptions

  func run() throws {
    let certificate = try Self.read(path)
    let check = try CertificateCheck(
      certificate, reference: reference, candidate: candidate, threads: report.threadCount)
    var derivation: ConversionReplay?
    if rederive, check.passes {
      derivation = try ConversionReplay(
        certificate, reference: reference ?? certificate.reference.path,
        candidate: candidate ?? certificate.candidate.path, threads: report.threadCount)
    }
    let passes = check.passes && certificate.passes && derivation?.passes != false
    try report.print(
      json: { json(check, derivation, passes: passes) }, text: { text(check, derivation, passes: passes) })
    if !passes { throw FailedCheck() }
  }

  private static func read(_ path: String) throws -> Certificate {
    let statement = try JSON(InputLocation.openFile(path), limit: 64 << 20)
    do throws(CertificateError) {
      return try Certificate(statement)
    } catch {
      throw LocatedError(path: path, fact: error)
    }
  }

  private func json(_ check: CertificateCheck, _ derivation: ConversionReplay?, passes: Bool) -> JSON {
    .members([
      "schema": .string(CertificateCheck.schema),
      "passes": .bool(passes),
      "verdict": .string(check.certificate.passes ? "passed" : "failed"),
      "files": check.files,
      "rederived": derivation?.json ?? .null,
    ])
  }

  private func text(_ check: CertificateCheck, _ derivation: ConversionReplay?, passes: Bool) -> String {
    var text = Table(check.table).text() + "\n"
    text += definitionList(
      [
        (
          "verdict",
          "\(check.certificate.passes ? "passed" : "failed") by ingot \(check.certificate.version.escapedForDisplay)"
        )
      ]
        + (derivation.map { [("rederived", $0.words)] } ?? []))
    return text + "\n" + (passes ? "passed" : "failed").emphasized + "\n"
  }
}
