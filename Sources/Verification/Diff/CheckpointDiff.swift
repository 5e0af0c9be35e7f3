import Architectures
import Bytes
import Models
import Quantization
import Tensors

/// Two checkpoints compared tensor by tensor, whatever their containers, naming schemes and storage formats.
///
/// Tensors belong together by role and layer, and are read through the inverse of their scheme's transform, so a
/// checkpoint and its conversion show the same numbers. Nothing is taken from a conversion: both sides are opened
/// from their files.
public struct CheckpointDiff: Sendable {
  /// What differences are allowed in the numbers of a tensor.
  public enum DiffBudget: Sendable {
    /// None.
    case none
    /// Those within the limits.
    case budget(Budget)
    /// None where the candidate's storage format holds every value of the reference's; elsewhere a normalized mean
    /// square error up to the format's `expectedErrorLimit`, or up to twice that of an honest encoding of this very
    /// tensor, and no row that an honest encoding does not explain.
    case byFormat
  }

  /// How to compare.
  public struct Options: Sendable {
    /// The differences allowed.
    public var tolerance: DiffBudget = .none
    /// Which tensors to compare, by their place or by their name in either checkpoint; nil for all.
    public var filter: (@Sendable (String) -> Bool)?
    /// At most this many threads.
    public var threads = Parallel.coreCount
    /// Is told the bytes of the reference done since the last call, from any thread.
    public var progress: @Sendable (Int) -> Void = { _ in }

    /// The default options.
    public init() {}
  }

  /// The two sides.
  public let reference: DiffSide, candidate: DiffSide
  /// The tensors: those of the reference in file order, then those that only the candidate has.
  public let tensors: [TensorComparison]
  /// The numbers of both models; empty if either is not understood as one.
  public let numbers: [HyperparameterComparison]
  /// What was found: tensors that differ or are missing, parameters, metadata.
  public let findings: [Finding]
  /// How much was compared.
  public let coverage: Coverage

  /// Whether nothing differs beyond the tolerance and everything was compared.
  public var passes: Bool { findings.pass }

  /// Compares what is at two paths.
  ///
  /// - Throws: when files cannot be read, or `architecture` has no definition. Differences are findings.
  public static func compare(
    _ reference: String, _ candidate: String, library: ArchitectureLibrary, architecture: String? = nil,
    options: Options = Options()
  ) throws -> CheckpointDiff {
    try compare(
      DiffSide.open(reference, library: library, architecture: architecture),
      DiffSide.open(candidate, library: library, architecture: architecture), options: options)
  }

  /// Compares two opened checkpoints.
  public static func compare(
    _ reference: DiffSide, _ candidate: DiffSide, options: Options = Options()
  ) throws -> CheckpointDiff {
    let pairing = TensorMatcher(reference: reference, candidate: candidate)
    let pairs = pairing.pairs.filter { pair in
      guard let filter = options.filter else { return true }
      let names = [pair.place, pair.reference?.descriptor.name.text, pair.candidate?.descriptor.name.text]
      return names.contains { $0.map(filter) == true }
    }
    var judgesByFormat = false
    if case .byFormat = options.tolerance { judgesByFormat = true }
    let comparer = TensorComparer(
      threads: options.threads, judgesByFormat: judgesByFormat, progress: options.progress)
    let tensors = try comparer.compare(pairs)
    for file in reference.checkpoint.files + candidate.checkpoint.files { try file.requireUnchanged() }

    let coverage = Coverage(tensors)
    var findings = tensors.flatMap { $0.findings(options.tolerance) }
    var numbers: [HyperparameterComparison] = []
    if let first = reference.model, let second = candidate.model {
      let differences = ParameterDifferences(reference: first, candidate: second)
      findings += differences.findings
      numbers = differences.numbers
      findings += MetadataContradictions.findings(first, severity: .warning)
      findings += MetadataContradictions.findings(second, severity: .error)
    }
    if let first = reference.checkpoint.ggufMetadata, let second = candidate.checkpoint.ggufMetadata {
      findings += MetadataDifferences.findings(reference: first, candidate: second)
    } else if let first = reference.model, let second = candidate.model {
      findings += VocabularyDifferences.findings(first, second, check: "diff.tokenizer")
    }
    findings += pairing.findings
    if tensors.isEmpty {
      findings.append(Finding(.error, "diff.coverage", place: "coverage", "no tensor was compared"))
    } else if !coverage.isComplete {
      findings.append(Finding(.error, "diff.coverage", place: "coverage", coverage.description))
    }
    return CheckpointDiff(
      reference: reference, candidate: candidate, tensors: tensors, numbers: numbers, findings: findings,
      coverage: coverage)
  }
}
