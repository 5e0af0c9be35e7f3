import Architectures
import Bytes
import Models
import Tensors

/// Decides conversions. Every problem is found before any output exists, and all of them are reported at once.
///
/// A conversion through an architecture gives tensors the names and layouts of a naming scheme (`ArchitecturePlanner`);
/// quantizing a GGUF keeps its names and needs no definition (`NamePlanner`), nor does sharding or casting safetensors
/// (`StoredPlanner`). All fill in one draft.
public enum Planner {
  /// Returns the plan of converting `model` as `request` asks.
  ///
  /// - Parameters:
  ///   - evidence: facts about the tensors' values; nil reads them (`PlanningEvidence.gather`).
  ///   - threads: threads that measure the candidates of a size target.
  ///   - progress: receives the number of tensors measured since the last call, on any thread.
  /// - Throws: a `ProblemList` of everything that prevents the conversion.
  public static func plan(
    _ model: Model, _ request: ConversionRequest, evidence: PlanningEvidence? = nil,
    threads: Int = Parallel.coreCount, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws -> ConversionPlan {
    try request.requireFittingName()
    return try plan(planner(PlanDraft(model, request)), evidence, threads: threads, progress: progress)
  }

  /// Returns the plan of a copy of `model` with tensors of `donor`.
  ///
  /// - Throws: a `ProblemList`, or why the tensors do not fit, located in the donor.
  public static func plan(
    _ model: Model, grafting graft: Graft, from donor: Model, _ request: ConversionRequest
  ) throws -> ConversionPlan {
    let planner = try GraftPlanner(model, request, graft, from: donor)
    try planner.draft.request.requireFittingName()
    var plan = try plan(planner, nil, threads: 1, progress: { _ in })
    plan.graft = planner.report
    return plan
  }

  /// Returns the plans of converting `model` as each of `requests` asks, which read the values of tensors once.
  ///
  /// The requests differ in their type alone.
  ///
  /// - Throws: a `ProblemList` of everything that prevents one of the conversions.
  public static func plan(_ model: Model, _ requests: [ConversionRequest]) throws -> [ConversionPlan] {
    var plans: [ConversionPlan] = [], problems: [any IngotError] = []
    var evidence: PlanningEvidence?
    for request in requests {
      do {
        // Which values decide depends on a format that is asked for, but not on which recipe assigns the formats.
        let isShared = request.type.recipe?.isCopy == false
        if isShared, evidence == nil { evidence = try PlanningEvidence.gather(model, request) }
        plans.append(try plan(model, request, evidence: isShared ? evidence : nil))
      } catch let error as any IngotError {
        let known = Set(problems.map(\.description))
        problems += ((error as? ProblemList)?.problems ?? [error]).filter { !known.contains($0.description) }
      }
    }
    guard problems.isEmpty else {
      if problems.count == 1 { throw problems[0] }
      throw ProblemList(problems)
    }
    return plans
  }

  /// The planner that fills in `draft`.
  static func planner(_ draft: PlanDraft) -> any DraftPlanner {
    if draft.request.partition != nil { return ArchitecturePlanner(draft) }
    if draft.model.isByName, !draft.usesGGUFNames { return StoredPlanner(draft) }
    return draft.keepsNames ? NamePlanner(draft) : ArchitecturePlanner(draft)
  }

  private static func plan(
    _ planner: some DraftPlanner, _ evidence: PlanningEvidence?, threads: Int,
    progress: @escaping @Sendable (Int) -> Void
  ) throws -> ConversionPlan {
    var planner = planner
    try planner.draftTensors()
    let evidence = try evidence ?? planner.gatherEvidence()
    planner.draft.note(evidence.exactFormats)
    planner.apply(evidence)
    if let rules = planner.draft.request.type.formatRules {
      planner.draft.assignFormats(rules, planner.recipeInputs())
    }
    guard case .size(let target) = planner.draft.request.type else { return try planner.finish() }
    try planner.draft.requireProblemFree()
    var undecided = planner
    let allocation = try SizeAllocation(
      planner.draft, within: SizeAccounting(try undecided.finish(), planner.draft, target: target), threads: threads,
      progress: progress)
    planner.draft.decide(allocation)
    var plan = try planner.finish()
    plan.sizeTarget = allocation.report(of: plan)
    return plan
  }
}

/// A planner that fills in a draft.
protocol DraftPlanner {
  var draft: PlanDraft { get set }

  /// Finds the tensors of the output, with names and layouts, from headers alone.
  mutating func draftTensors() throws
  /// Reads the values that decide something about the drafted tensors.
  func gatherEvidence() throws -> PlanningEvidence
  /// Decides what depends on values: messages, and formats unless rules assign them.
  mutating func apply(_ evidence: PlanningEvidence)
  /// The facts of the model that recipes ask for.
  func recipeInputs() -> RecipeInputs
  /// The name of the output in a folder by the GGUF naming convention.
  func conventionalName(format: String) throws -> String
  /// Puts the tensors in the order of the output.
  mutating func orderTensors()
  /// Lays out the files of the output.
  mutating func files() throws -> (files: [PlannedFile], sideFiles: [SideFile])
  /// The tensors whose values do not all survive their transforms.
  mutating func roundedTensors() -> [RoundedTensor]
  /// The input tensors that an output in this naming scheme leaves out.
  func dropped(in scheme: NamingScheme) -> [(name: TensorName, reason: String)]
}

/// Where names and layouts stay, only scales decide something.
extension DraftPlanner {
  func gatherEvidence() throws -> PlanningEvidence { try PlanningEvidence(scalesOf: draft) }
  mutating func orderTensors() { draft.orderTensors() }
  mutating func roundedTensors() -> [RoundedTensor] { [] }
  func dropped(in scheme: NamingScheme) -> [(name: TensorName, reason: String)] { draft.dropped }
  func conventionalName(format: String) -> String { draft.conventionalNameOfSource(format: format) }
}

extension DraftPlanner {
  /// The files of an output that is not a GGUF.
  mutating func folderFiles() throws -> (files: [PlannedFile], sideFiles: [SideFile]) {
    var output = FolderFiles(draft)
    defer { draft.messages = output.draft.messages }
    return try output.files()
  }

  /// Orders the tensors, names the output and lays out its files.
  mutating func finish() throws -> ConversionPlan {
    draft.checkCodecs()
    draft.checkPartitionFormats()
    draft.reportFallbacks()
    try draft.requireProblemFree()
    orderTensors()
    draft.finishRepacking()
    if draft.target == .gguf { try nameOutput() }
    let output = try files()
    try draft.requireFreeOutputs(output.files.map(\.path) + output.sideFiles.map(\.path))
    try draft.requireProblemFree()
    let rounded = roundedTensors()
    draft.noteDropped()
    let scheme = try draft.scheme()
    return ConversionPlan(
      source: draft.model, destination: draft.destination, target: draft.target, scheme: scheme,
      type: draft.type, files: output.files, sideFiles: output.sideFiles, dropped: dropped(in: scheme),
      departures: draft.departures, rounded: rounded, messages: draft.messages, inputFiles: draft.request.inputFiles,
      overwrite: draft.request.overwrite, nameParts: draft.nameParts)
  }
}
