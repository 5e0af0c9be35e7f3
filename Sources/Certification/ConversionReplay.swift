import Architectures
import Bytes
import Conversion
import Models
import Quantization
import Tensors
import Verification

/// A conversion done again from a certificate's reference, and whether it gives the candidate's bytes.
///
/// The arguments come from the certificate if it has those of a receipt. Otherwise those are tried that make a candidate
/// of this kind, the plainest first.
public struct ConversionReplay: Sendable {
  /// Parses command-line arguments; nil for those of a command that converts nothing.
  public typealias Parse = (_ arguments: [String]) throws -> RequestedConversion?

  /// The arguments that were tried last.
  public let arguments: [String]
  /// Files of the candidate that came out with other bytes.
  public let differing: [String]

  /// Whether every file came out with the same bytes.
  public var passes: Bool { differing.isEmpty }

  /// `the same bytes by: ingot convert …`
  public var words: String {
    let command = "ingot \(arguments.joined(separator: " "))".escapedForDisplay
    guard !passes else { return "the same bytes by: \(command)" }
    return "other bytes in \(differing.map(\.quoted).joined(separator: ", ")) by: \(command)"
  }

  /// The replay, as in a report.
  public var json: JSON {
    .members([
      "passes": .bool(passes), "arguments": .array(arguments.map(JSON.string)),
      "differing": .array(differing.map(JSON.string)),
    ])
  }

  /// Converts again in a hidden folder next to the candidate, which is removed.
  ///
  /// - Parameters:
  ///   - reference: the model that is converted.
  ///   - candidate: the model whose bytes are expected.
  ///   - library: the architectures, to identify the candidate.
  ///   - parse: parses the arguments.
  /// - Throws: `NotRepeatable` for arguments that are not a conversion; errors of `parse`, and of reading and writing.
  public init(
    _ certificate: Certificate, reference: String, candidate: String, library: ArchitectureLibrary,
    threads: Int = Parallel.coreCount, parse: Parse
  ) throws {
    let expected = certificate.candidate.files
    let attempts =
      try certificate.conversion.map { [$0] }
      ?? Self.attempts(certificate, reference, Model.open(candidate, library: library))
    var last: (arguments: [String], differing: [String]) = ([], expected.map(\.name))
    for arguments in attempts {
      guard let conversion = try parse(arguments) else { throw NotRepeatable(arguments: arguments) }
      let differing = try Self.convert(conversion, of: reference, like: candidate, expected, threads: threads)
      last = (arguments, differing)
      if last.differing.isEmpty { break }
    }
    (arguments, differing) = last
  }

  /// The conversions that may have made a candidate like this one.
  private static func attempts(_ certificate: Certificate, _ reference: String, _ candidate: Model) -> [[String]] {
    let path = candidate.checkpoint.path
    let convert = ["convert", reference, "-o", path] + certificate.adapters.flatMap { ["--lora", $0.path] }
    guard let metadata = candidate.facts.ggufMetadata else {
      let naming = ["--naming", candidate.scheme.name]
      let formats = candidate.checkpoint.tensors.compactMap(\.format)
      let common = Dictionary(grouping: formats, by: \.name).max { ($0.value.count, $1.key) < ($1.value.count, $0.key) }
      return [convert + naming] + (common.map { [convert + naming + ["--type", $0.key]] } ?? [])
    }
    let number = metadata["general.file_type"]?.integer
    let names = number.flatMap { Recipe.find("\($0)")?.recipe.name }.map { [$0] } ?? []
    return [convert]
      + names.flatMap { [convert + ["--type", $0], ["quantize", reference, path, $0, "--allow-requantize"]] }
  }

  /// Runs one conversion into a scratch folder; returns the expected files that came out with other bytes.
  private static func convert(
    _ requested: RequestedConversion, of source: String, like candidate: String, _ expected: [CertifiedFiles.File],
    threads: Int
  ) throws -> [String] {
    let scratch = try ScratchFolder(in: Path.folder(of: candidate))
    let output = Path.join(scratch.path, Path.name(of: candidate))
    let conversion: ConversionPlan
    do {
      conversion = try requested.redirected(from: source, to: output).plan(threads: threads)
    } catch is ProblemList {
      return expected.map(\.name)
    }
    let paths = conversion.files.map(\.path) + conversion.sideFiles.map(\.path)
    scratch.claim((conversion.target == .folder ? [output] : []) + paths)
    var job = ConversionJob(conversion)
    job.threads = threads
    let _: ConversionJob.Outcome<Never> = try job.run(check: nil)
    let digests = Dictionary(
      zip(paths.map { Path.name(of: $0) }, try FileDigest.entries(of: paths, threads: threads)),
      uniquingKeysWith: { first, _ in first })
    return expected.filter { digests[$0.name]?.sha256 != $0.sha256 }.map(\.name)
  }
}

/// The recorded arguments are not those of a conversion.
public struct NotRepeatable: IngotError {
  public let arguments: [String]

  public init(arguments: [String]) { self.arguments = arguments }

  public var category: ErrorCategory { .input }
  public var description: String {
    "conversion \(arguments.joined(separator: " ").quoted): cannot be repeated, expected ingot convert or quantize"
  }
}
