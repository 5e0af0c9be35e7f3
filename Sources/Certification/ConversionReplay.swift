import Architectures
import Bytes
import Conversion
import Formats
import Models
import Quantization
import Tensors
import Verification

/// A conversion done again from a certificate's reference, and whether it gives the candidate's bytes.
///
/// The arguments come from the certificate if it has those of a receipt. Otherwise those are tried that make a candidate
/// of this kind, the plainest first.
public struct ConversionReplay: Sendable {
  /// Parses command-line arguments without reading the files that they name; nil for a command that converts nothing.
  public typealias Parse = (_ arguments: [String]) throws -> ReplayableConversion?

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

  /// Converts again in a hidden folder, which is removed: next to the candidate, but in the working folder if only the
  /// certificate says where that is and its path leads elsewhere.
  ///
  /// - Parameters:
  ///   - reference: the model that is converted; nil for the path in the certificate.
  ///   - candidate: the model whose bytes are expected; nil for the path in the certificate.
  ///   - library: the architectures, to identify the candidate.
  ///   - progress: receives the bytes of output done since the last call, on any thread.
  ///   - parse: parses the arguments.
  /// - Throws: `NotRepeatable` for arguments that are not a conversion; `CertificateError.uncertifiedInput` if they name a
  ///   file that the certificate has no digest of; errors of planning, reading and writing.
  public init(
    _ certificate: Certificate, reference: String? = nil, candidate: String? = nil, library: ArchitectureLibrary,
    threads: Int = Parallel.coreCount, progress: @escaping @Sendable (Int) -> Void = { _ in }, parse: Parse
  ) throws {
    let folder = Self.scratchPlace(named: candidate, certified: certificate.candidate.path)
    let source = reference ?? certificate.reference.path
    let expected = certificate.candidate.files
    let attempts =
      try certificate.conversion.map { [$0] }
      ?? Self.attempts(
        certificate, source, Model.open(candidate ?? certificate.candidate.path, library: library))
    var last: (arguments: [String], differing: [String]) = ([], expected.map(\.name))
    for arguments in attempts {
      guard let conversion = try parse(arguments) else { throw NotRepeatable(arguments: arguments) }
      try certificate.requireCertified(conversion.inputFiles)
      let differing = try Self.convert(
        conversion.request(), of: source, to: folder, like: certificate.candidate, threads: threads, progress: progress)
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
      let naming = ["--naming", candidate.scheme.name] + ranks(of: candidate)
      let formats = candidate.checkpoint.tensors.compactMap(\.format)
      let common = Dictionary(grouping: formats, by: \.name).max { ($0.value.count, $1.key) < ($1.value.count, $0.key) }
      return [convert + naming] + (common.map { [convert + naming + ["--type", $0.key]] } ?? [])
    }
    let number = metadata["general.file_type"]?.integer
    let names = number.flatMap { Recipe.find("\($0)")?.recipe.name }.map { [$0] } ?? []
    return [convert]
      + names.flatMap {
        [
          convert + ["--type", $0], convert + ["--type", $0, "--pure"],
          ["quantize", reference, path, $0, "--allow-requantize"],
        ]
      }
  }

  /// The options that split a model among as many ranks as the candidate has.
  private static func ranks(of candidate: Model) -> [String] {
    let facts = candidate.checkpoint.containerFacts
    if let tensors = facts["tensorParallelSize"], let stages = facts["pipelineParallelSize"] {
      return ["--tensor-parallel", tensors, "--pipeline-parallel", stages]
    }
    // Files of PyTorch have several forms.
    guard facts["form"] != nil, candidate.scheme.hyperparametersFile != nil else { return [] }
    return ["--shards", facts["modelParallelSize"] ?? "1"]
  }

  private static func scratchPlace(named path: String?, certified: String) -> String {
    if let path { return Path.folder(of: path) }
    let leadsElsewhere = certified.hasPrefix("/") || certified.split(separator: "/").contains("..")
    return leadsElsewhere ? "." : Path.folder(of: certified)
  }

  /// Runs one conversion into a scratch folder; returns the expected files that came out with other bytes.
  private static func convert(
    _ requested: RequestedConversion, of source: String, to folder: String, like candidate: CertifiedFiles,
    threads: Int, progress: @escaping @Sendable (Int) -> Void
  ) throws -> [String] {
    let expected = candidate.files
    let scratch = try ScratchFolder(in: folder)
    let output = Path.join(scratch.path, candidate.outputName)
    let conversion: ConversionPlan
    do {
      conversion = try requested.redirected(from: source, to: output).plan(threads: threads)
    } catch is ProblemList {
      return expected.map(\.name)
    }
    let paths = conversion.files.map(\.path) + conversion.sideFiles.map(\.path)
    scratch.claim(conversion.folders + paths)
    var job = ConversionJob(conversion)
    job.threads = threads
    let _: ConversionJob.Outcome<Never> = try job.run(progress: progress, check: nil)
    let digests = Dictionary(
      zip(
        paths.map { Path.within(output, $0) ?? Path.name(of: $0) }, try FileDigest.entries(of: paths, threads: threads)),
      uniquingKeysWith: { first, _ in first })
    return expected.filter { digests[$0.name]?.sha256 != $0.sha256 }.map(\.name)
  }
}

/// A conversion that arguments ask for, before the files that they name are read.
public struct ReplayableConversion {
  /// The files that it reads apart from the source, adapters included.
  public let inputFiles: [InputFile]
  /// Reads the files that decide what is asked for.
  let request: () throws -> RequestedConversion

  public init(inputFiles: [InputFile] = [], request: @escaping () throws -> RequestedConversion) {
    self.inputFiles = inputFiles
    self.request = request
  }
}

extension Certificate {
  /// Throws unless the certificate has a digest of each of `files`; their digests are compared by `CertificateCheck`.
  fileprivate func requireCertified(_ files: [InputFile]) throws(CertificateError) {
    let known = Set(inputs.map(\.path) + adapters.map(\.path))
    for file in files where !known.contains(file.path) {
      throw .uncertifiedInput(option: file.option, path: file.path)
    }
  }
}

extension CertifiedFiles {
  /// The name to give a conversion so that its files get their certified names.
  fileprivate var outputName: String {
    let names = files.map(\.name), isFolder = names.contains("config.json") || names.contains("params.json")
    if !isFolder, let shard = names.lazy.compactMap({ ShardName($0) }).first { return shard.stem + shard.suffix }
    if files.count == 1, !isFolder { return files[0].name }
    let name = Path.name(of: path)
    return [".", "..", "/", "-"].contains(name) ? "model" : name
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
