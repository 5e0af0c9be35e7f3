import ArgumentParser
import Ingot

struct Certify: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "certify",
    abstract: "Checks certificates written by verify --certificate.",
    discussion: """
      EXAMPLES:
        # Write a certificate.
        ingot verify model model.gguf --file text.txt --certificate cert.json
        # Check files against it.
        ingot certify check cert.json
      """,
    subcommands: [CheckCertificate.self])
}

struct CheckCertificate: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "check",
    abstract: "Checks local files against a certificate.",
    discussion: """
      Every file must have the SHA-256 in the certificate, under any name. The status is 1 if a file differs or is \
      not certified, if the repeated conversion gives other bytes, or if the certified verdict is failed. It is 2 if a \
      path does not exist.

      EXAMPLES:
        # Are these the certified files?
        ingot certify check cert.json
        # Does the conversion give these bytes on this machine?
        ingot certify check cert.json --rederive
      """)

  @Argument(help: "Certificate.", completion: .file())
  var path: String

  @Option(
    help: ArgumentHelp("Path of the reference. (default: as in the certificate)", valueName: "path"),
    completion: .file())
  var reference: String?

  @Option(
    help: ArgumentHelp("Path of the candidate. (default: as in the certificate)", valueName: "path"),
    completion: .file())
  var candidate: String?

  @Flag(help: "Repeat the conversion and compare the bytes.")
  var rederive = false

  @OptionGroup var report: ReportOptions

  func run() throws {
    let certificate = try Self.read(path)
    let digesting = ProgressLine(totalByteCount: nil, isQuiet: report.quiet)
    defer { digesting.finish() }
    let check = try CertificateCheck(
      certificate, reference: reference, candidate: candidate, includesInputs: rederive, threads: report.threadCount
    ) { digesting.advance($0) }
    digesting.finish()
    var replay: ConversionReplay?
    if rederive, check.passes {
      let converting = ProgressLine(totalByteCount: nil, isQuiet: report.quiet)
      defer { converting.finish() }
      replay = try ConversionReplay(
        certificate, reference: reference, candidate: candidate, library: .bundled(), threads: report.threadCount,
        progress: { converting.advance($0) }, parse: IngotCommand.replayableConversion)
    }
    let passes = check.passes && certificate.passes && replay?.passes != false
    try report.print(
      json: { json(check, replay, passes: passes) }, text: { text(check, replay, passes: passes) })
    if !passes { throw FailedCheck() }
  }

  private static func read(_ path: String) throws -> Certificate {
    let statement = try JSON(InputLocation.openFile(path), limit: 64 << 20)
    do throws(CertificateError) {
      return try Certificate(statement)
    } catch {
      throw LocatedError(path: path, reason: error)
    }
  }

  private func json(_ check: CertificateCheck, _ replay: ConversionReplay?, passes: Bool) -> JSON {
    .members([
      "schema": .string(CertificateCheck.schema),
      "passes": .bool(passes),
      "verdict": .string(check.certificate.passes ? "passed" : "failed"),
      "files": check.files,
      "rederived": replay?.json ?? .null,
    ])
  }

  /// The certified verdict on the quality; none in certificates without it.
  private func quality(_ certificate: Certificate) -> [(String, String)] {
    let words = certificate.statement["predicate"]?["verdicts"]?["quality"]?["words"]?.string
    return words.map { [("quality", $0.escapedForDisplay)] } ?? []
  }

  private func text(_ check: CertificateCheck, _ replay: ConversionReplay?, passes: Bool) -> String {
    var text = Table(check.table).text() + "\n"
    text += definitionList(
      [
        (
          "verdict",
          "\(check.certificate.passes ? "passed" : "failed") by ingot \(check.certificate.version.escapedForDisplay)"
        )
      ] + quality(check.certificate)
        + (replay.map { [("rederived", $0.words)] } ?? []))
    return text + "\n" + (passes ? "passed" : "failed").asVerdict + "\n"
  }
}
