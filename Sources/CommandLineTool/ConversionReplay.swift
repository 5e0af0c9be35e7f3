import ArgumentParser
import Ingot

/// A conversion done again from a certificate's reference, and whether its bytes are the candidate's.
///
/// The arguments come from the certificate, where a receipt told them; otherwise those that lead to a candidate like
/// this one are tried, the plainest first.
struct ConversionReplay {
  /// The arguments that were tried last.
  let arguments: [String]
  /// Whether every file came out with the same bytes.
  let passes: Bool
  /// Files of the candidate that did not.
  let differing: [String]

  /// `the same bytes by: ingot convert …`
  var words: String {
    let command = "ingot \(arguments.joined(separator: " "))".escapedForDisplay
    guard !passes else { return "the same bytes by: \(command)" }
    return "other bytes in \(differing.map(\.quoted).joined(separator: ", ")) by: \(command)"
  }

  var json: JSON {
    .members([
      "passes": .bool(passes), "arguments": .array(arguments.map(JSON.string)),
      "differing": .array(differing.map(JSON.string)),
    ])
  }

  init(_ certificate: Certificate, reference: String, candidate: String, threads: Int) throws {
    let attempts = try certificate.conversion.map { [$0] } ?? Self.attempts(certificate, reference, candidate)
    var last: (arguments: [String], differing: [String]) = ([], certificate.candidate.files.map(\.name))
    for attempt in attempts {
      let (arguments, differing) = try Self.derive(attempt, certificate, reference, candidate, threads: threads)
      last = (arguments, differing)
      if differing.isEmpty { break }
    }
    arguments = last.arguments
    differing = last.differing
    passes = differing.isEmpty
  }

  /// The conversions that may have made a candidate like this one.
  private static func attempts(
    _ certificate: Certificate, _ reference: String, _ candidate: String
  ) throws -> [[String]] {
    let model = try ModelOptions.parse([]).open(candidate)
    let convert = ["convert", reference, "-o", candidate] + certificate.adapters.flatMap { ["--lora", $0.path] }
    guard let metadata = model.facts.ggufMetadata else {
      let naming = ["--naming", model.scheme.name]
      let formats = model.checkpoint.tensors.compactMap(\.format)
      let common = Dictionary(grouping: formats, by: \.name).max { ($0.value.count, $1.key) < ($1.value.count, $0.key) }
      return [convert + naming] + (common.map { [convert + naming + ["--type", $0.key]] } ?? [])
    }
    let number = metadata["general.file_type"]?.integer
    let names = number.flatMap { Recipe.find("\($0)")?.recipe.name }.map { [$0] } ?? []
    return [convert]
      + names.flatMap { [convert + ["--type", $0], ["quantize", reference, candidate, $0, "--allow-requantize"]] }
  }

  /// Runs one conversion into a scratch folder; returns its arguments and the candidate's files that came out otherwise.
  private static func derive(
    _ arguments: [String], _ certificate: Certificate, _ reference: String, _ candidate: String, threads: Int
  ) throws -> (arguments: [String], differing: [String]) {
    guard var command = try IngotCommand.parseAsRoot(arguments) as? any RepeatableConversion else {
      throw NotRepeatable(arguments: arguments)
    }
    let scratch = try ScratchFolder(in: Path.folder(of: candidate))
    let output = Path.join(scratch.path, Path.name(of: candidate))
    command.redirect(from: reference, to: output)
    let plan: ConversionPlan
    do {
      plan = try command.plan()
    } catch is ProblemList {
      return (arguments, certificate.candidate.files.map(\.name))
    }
    let paths = plan.files.map(\.path) + plan.sideFiles.map(\.path)
    scratch.claim((plan.target == .folder ? [output] : []) + paths)
    _ = try Executor.run(plan, threads: threads) { _ in }
    let digests = Dictionary(
      zip(paths.map { Path.name(of: $0) }, try FileDigest.entries(of: paths, threads: threads)),
      uniquingKeysWith: { first, _ in first })
    let differing = certificate.candidate.files.filter { digests[$0.name]?.sha256 != $0.sha256 }.map(\.name)
    return (arguments, differing)
  }
}

/// A verb that converts, and can be told to do so with other paths.
protocol RepeatableConversion {
  /// Makes it read `source` and write `output`.
  mutating func redirect(from source: String, to output: String)
  /// What it would do.
  func plan() throws -> ConversionPlan
}

extension Convert: RepeatableConversion {
  mutating func redirect(from source: String, to output: String) {
    // What the name of the output decided stays decided.
    if to == nil, self.output.hasSuffix(".gguf") { to = .gguf }
    self.source = source
    self.output = output
  }
}

extension Quantize: RepeatableConversion {
  mutating func redirect(from source: String, to output: String) {
    if let first = arguments.first, Recipe.find(first) == nil { arguments.removeFirst() }
    arguments.insert(output, at: 0)
    self.source = source
  }
}

/// The recorded arguments are not those of a conversion.
struct NotRepeatable: IngotError {
  let arguments: [String]
  var category: ErrorCategory { .input }
  var description: String {
    "conversion \(arguments.joined(separator: " ").quoted): cannot be done again, expected ingot convert or quantize"
  }
}
