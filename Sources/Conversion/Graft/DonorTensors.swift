import Bytes
import Models
import Tensors

/// The tensors that a graft takes, as a conversion of the whole donor has them.
struct DonorTensors {
  /// The chosen tensors, in the order of the conversion.
  let tensors: [DraftTensor]
  /// The names of all tensors, in the order of the conversion.
  let order: [TensorName]
  let rounding: [TensorName: RoundTripError]
  let warnings: [String]

  /// Plans a conversion of `donor` to the container and naming scheme of a copy, and chooses its tensors.
  ///
  /// The values of the chosen tensors alone are read.
  init(_ graft: Graft, of donor: Model, for copy: PlanDraft) throws {
    var request = copy.request
    request.type = graft.type
    request.naming = copy.target == .gguf || donor.isByName ? nil : copy.model.scheme.name
    var planner = Planner.planner(PlanDraft(donor.asPartOfAModel(), request))
    try planner.draftTensors()
    if let rules = graft.type.formatRules { planner.draft.assignFormats(rules, planner.recipeInputs()) }
    planner.orderTensors()
    order = planner.draft.tensors.map(\.name)
    let chosen = try GraftSelection.indices(of: planner.draft.tensors, matching: graft.patterns)
    planner.draft.tensors = chosen.map { planner.draft.tensors[$0] }
    let evidence = try planner.gatherEvidence()
    planner.draft.note(evidence.exactFormats)
    planner.apply(evidence)
    planner.draft.checkCodecs()
    planner.draft.reportFallbacks()
    try planner.draft.requireProblemFree()
    tensors = planner.draft.tensors
    rounding = evidence.rounding
    warnings = planner.draft.messages.filter { $0.severity == .warning }.map(\.message)
  }
}
