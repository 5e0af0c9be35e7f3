import Architectures
import Bytes
import Models
import Quantization
import Tensors

/// Two checkpoints compared tensor by tensor, in any containers, naming schemes and storage formats.
///
/// Tensors are matched by role and layer, and read in Hugging Face's layout, so a checkpoint and its conversion have the
/// same values. Nothing comes from a conversion: both sides are opened from their files.
public struct CheckpointDiff: Sendable {
  /// The differences that are allowed in the values of a tensor.
  public enum DiffBudget: Sendable {
    case none
    /// Those within the limits.
    case budget(Budget)
    /// None if the candidate's storage format represents every value of the reference's. Otherwise a normalized mean
    /// square error up to the format's `expectedErrorLimit` or twice the baseline error of the tensor, and no row with
    /// an error that its baseline does not explain.
    case byFormat
  }

  /// The tensors that are compared.
  public enum Selection: Sendable {
    case all
    /// Those whose slot or name in either checkpoint is accepted, as words.
    case matching(@Sendable (String) -> Bool)
    /// Those with an accepted identity.
    case identities(@Sendable (TensorIdentity) -> Bool)
  }

  /// What is compared beside tensors and hyperparameters.
  public enum Settings: Sendable {
    /// Tokenizers, chat templates, config.json, generation_config.json and metadata.
    case compared
    case ignored
  }

  /// Options of a comparison.
  public struct Options: Sendable {
    public var budget: DiffBudget = .none
    public var selection: Selection = .all
    /// Whether tokenizers, configuration files and metadata are compared as well.
    public var settings: Settings = .compared
    /// The greatest number of threads.
    public var threads = Parallel.coreCount
    /// Receives the bytes of the reference done since the last call, from any thread.
    public var progress: @Sendable (Int) -> Void = { _ in }

    /// The default options.
    public init() {}
  }

  public let reference: DiffSide, candidate: DiffSide
  /// The tensors: those of the reference in file order, then those that only the candidate has.
  public let tensors: [TensorComparison]
  /// The hyperparameters of both models; empty if the architecture of either is unknown.
  public let hyperparameters: [HyperparameterComparison]
  /// Tensors, hyperparameters and metadata that differ or are missing.
  public let findings: [Finding]
  /// The tensors and elements that were compared.
  public let coverage: Coverage

  /// Whether nothing exceeds the budget and everything was compared.
  public var passes: Bool { findings.pass }

  /// Compares the checkpoints at two paths.
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
    let matcher = TensorMatcher(reference: reference, candidate: candidate)
    let pairs = matcher.pairs.filter(options.selection.includes)
    var usesBaseline = false
    if case .byFormat = options.budget { usesBaseline = true }
    let comparer = TensorComparer(
      threads: options.threads, usesBaseline: usesBaseline, progress: options.progress)
    let tensors = try comparer.compare(pairs)
    for file in reference.checkpoint.files + candidate.checkpoint.files { try file.requireUnchanged() }

    let coverage = Coverage(tensors)
    let filteredCount = matcher.pairs.count - pairs.count
    var findings = tensors.flatMap { $0.findings(options.budget) }
    findings += [reference, candidate].flatMap { $0.model?.configurationFindings("diff.configuration") ?? [] }
    var hyperparameters: [HyperparameterComparison] = []
    if let first = reference.model, let second = candidate.model {
      let differences = HyperparameterDifferences(reference: first, candidate: second)
      findings += differences.findings
      hyperparameters = differences.comparisons
      findings += MetadataContradictions.findings(first, severity: .warning)
      findings += MetadataContradictions.findings(second, severity: .error)
    }
    if case .compared = options.settings {
      findings += settingsFindings(reference, candidate, severity: options.budget.settingsSeverity)
    }
    findings += matcher.findings
    if case .matching = options.selection, filteredCount > 0 {
      let fact = "\(counted(filteredCount, "tensor")) \(filteredCount == 1 ? "is" : "are") left out by the filter"
      findings.append(Finding(.note, "diff.filter", .coverage, fact))
    }
    if reference.isVocabulary, candidate.isVocabulary {
      findings.append(
        Finding(.note, "diff.coverage", .coverage, "neither file has tensors: their metadata is compared"))
    } else if tensors.isEmpty {
      let fact = matcher.pairs.isEmpty ? "no tensor was compared" : "no tensor matches the filter, so none was compared"
      findings.append(Finding(.error, "diff.coverage", .coverage, fact))
    } else if !coverage.isComplete {
      findings.append(Finding(.error, "diff.coverage", .coverage, coverage.description))
    }
    return CheckpointDiff(
      reference: reference, candidate: candidate, tensors: tensors, hyperparameters: hyperparameters,
      findings: findings, coverage: coverage)
  }

  private static func settingsFindings(
    _ reference: DiffSide, _ candidate: DiffSide, severity: Finding.Severity
  ) -> [Finding] {
    var findings: [Finding] = [], comparesVocabulary = false
    if let first = reference.model, let second = candidate.model {
      let tokenizers = TokenizerDifferences(
        first, second, check: "diff.tokenizer",
        severities: .init(ids: severity, templates: severity, missing: severity))
      findings += tokenizers.findings()
      comparesVocabulary = tokenizers.hasBoth
      findings +=
        ConfigurationDifferences(
          first, second, check: "diff.configuration", severity: severity, lossSeverity: severity
        ).findings
    }
    if let first = reference.checkpoint.ggufMetadata, let second = candidate.checkpoint.ggufMetadata {
      let differences = MetadataDifferences(
        reference: reference, candidate: candidate, severity: severity, comparesVocabulary: comparesVocabulary)
      findings += differences.findings(first, second)
    }
    return findings
  }
}

extension CheckpointDiff.DiffBudget {
  /// Limits that a user gives are about values: other differences are warnings then.
  fileprivate var settingsSeverity: Finding.Severity { if case .budget = self { .warning } else { .error } }
}

extension CheckpointDiff.Selection {
  fileprivate func includes(_ pair: TensorPair) -> Bool {
    switch self {
    case .all: true
    case .matching(let accepts):
      [pair.identity.description, pair.reference?.descriptor.name.text, pair.candidate?.descriptor.name.text]
        .contains { $0.map(accepts) == true }
    case .identities(let accepts): accepts(pair.identity)
    }
  }
}
