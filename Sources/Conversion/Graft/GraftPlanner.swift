import Architectures
import Bytes
import Formats
import Models
import Quantization
import Tensors

/// Plans a file with tensors of another one: a copy of the one, in which tensors are those of a conversion of the other
/// (the donor) to the same container and naming scheme.
struct GraftPlanner: DraftPlanner {
  private var base: any DraftPlanner
  /// The tensors of the donor, with the formats that they get.
  private let grafted: [DraftTensor]
  /// For each of them, the names of the tensors that it replaces.
  private let replaced: [[TensorName]]
  /// All names in the order of a conversion of the donor.
  private let donorOrder: [TensorName]
  private let donorRounding: [TensorName: RoundTripError]
  /// What is added and replaced.
  let report: GraftReport

  var draft: PlanDraft {
    get { base.draft }
    set { base.draft = newValue }
  }

  /// Plans the tensors of the donor, and finds those that they replace.
  ///
  /// - Throws: `GraftError` located in the donor if the two models contradict each other, or a part of a tensor would be
  ///   lost; `ProblemList` if a tensor cannot be converted.
  init(_ model: Model, _ request: ConversionRequest, _ graft: Graft, from donor: Model) throws {
    let path = donor.checkpoint.path
    do {
      let request = request.copying(model)
      let others = try Self.otherHyperparameters(of: donor, model, graft)
      let planned = try DonorTensors(graft, of: donor, for: PlanDraft(model, request))
      (donorOrder, donorRounding) = (planned.order, planned.rounding)
      grafted = planned.tensors.map { tensor in
        var tensor = tensor
        tensor.firstInput += model.checkpoint.files.count
        return tensor
      }
      replaced = try Self.replaced(in: model, by: grafted)
      report = GraftReport(
        source: path,
        tensors: zip(grafted, replaced).map { tensor, replaced in
          GraftReport.Tensor(name: tensor.name.text, byteCount: tensor.byteCount, replaced: replaced.map(\.text))
        })
      let receiver = model.grafting(grafted.map(\.descriptor), replacing: Set(replaced.joined()), from: donor)
      base = Planner.planner(PlanDraft(receiver, request))
      draft.messages = planned.warnings.map { .warning("\(path.escapedForDisplay): \($0)") }
      draft.messages += others.map {
        .warning(
          "\(path.escapedForDisplay): \($0.name) is \($0.other), but \($0.own) in \(model.checkpoint.path.escapedForDisplay)"
        )
      }
      guard request.sourceFile == .replace else { return }
      guard model.checkpoint.storedFiles.count == 1, request.target != .folder else {
        throw GraftError.needsOneFile(path: request.destination)
      }
      draft.replacedInput = request.destination
    } catch let error as GraftError where error.isOfDonor {
      throw LocatedError(path: path, reason: error)
    }
  }

  /// The hyperparameters that are other ones in the donor, without effect on tensors.
  private static func otherHyperparameters(
    of donor: Model, _ model: Model, _ graft: Graft
  ) throws(GraftError) -> [Model.HyperparameterContradiction] {
    guard model.architectureName == donor.architectureName else {
      throw .otherArchitecture(own: model.architectureName, other: donor.architectureName)
    }
    guard !model.isByName, !donor.isByName else {
      guard model.facts.usesGGUFNames == donor.facts.usesGGUFNames else { throw .unknownArchitecture }
      guard graft.type == .automatic else { throw .typeOfUnknown }
      return []
    }
    let others = model.contradictions(with: donor)
    if let first = others.first, first.decidesTensors { throw .contradiction(first, own: model.checkpoint.path) }
    return others
  }

  /// For each tensor, the names of those that are in its slots or have its name.
  private static func replaced(
    in model: Model, by grafted: [DraftTensor]
  ) throws(GraftError) -> [[TensorName]] {
    var givers: [TensorSlot: Int] = [:]
    for (index, tensor) in grafted.enumerated() {
      for slot in tensor.slots { givers[slot] = index }
    }
    var replaced = [[TensorName]](repeating: [], count: grafted.count)
    let mapped = Dictionary(model.tensors.map { ($0.descriptor.name, $0) }, uniquingKeysWith: { first, _ in first })
    let byName = Dictionary(grafted.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    for tensor in model.checkpoint.tensors {
      let slots = mapped[tensor.name]?.slots ?? []
      let others = slots.map { givers[$0] }
      guard let index = others.lazy.compactMap(\.self).first ?? byName[tensor.name] else { continue }
      let by = grafted[index]
      if !slots.isEmpty, !others.allSatisfy({ $0 != nil }) { throw .replacesMore(tensor.name, by: by.name) }
      if tensor.name == by.name, tensor.shape.droppingLeadingOnes() != by.shape.droppingLeadingOnes() {
        throw .shape(tensor.name, own: tensor.shape, other: by.shape)
      }
      replaced[index].append(tensor.name)
    }
    return replaced
  }

  mutating func draftTensors() throws {
    try base.draftTensors()
    guard try draft.scheme().name == draft.model.scheme.name else {
      throw GraftError.unwrittenScheme(draft.model.scheme.name)
    }
    let before = ImpliedMetadata(draft.tensors)
    let names = Set(replaced.joined())
    draft.tensors.removeAll { $0.sources.contains { names.contains($0.descriptor.name) } }
    draft.restatedMetadata = before.changes(to: ImpliedMetadata(draft.tensors + grafted), in: draft.model.checkpoint)
  }

  func gatherEvidence() throws -> PlanningEvidence { try base.gatherEvidence() }

  mutating func apply(_ evidence: PlanningEvidence) {
    base.apply(evidence)
    draft.tensors += grafted
    draft.evidence.rounding.merge(donorRounding) { _, new in new }
  }

  /// Replacing tensors are where those were that they replace. Others follow the tensor that they follow in a conversion of
  /// the donor; in a file that is sorted by layers, they are sorted among the others.
  mutating func orderTensors() {
    guard draft.target == .gguf else { return }
    let names = draft.model.checkpoint.tensors.map(\.name)
    let positions = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let replacedByName = Dictionary(
      zip(grafted, replaced).map { ($0.name, $1) }, uniquingKeysWith: { first, _ in first })
    func position(_ tensor: DraftTensor) -> Int {
      let original = replacedByName[tensor.name]?.first ?? tensor.sources.first?.descriptor.name ?? tensor.name
      return positions[original] ?? -1
    }
    let added = Set(zip(grafted, replaced).filter { $1.isEmpty }.map(\.0.name))
    var ordered = draft.tensors.filter { !added.contains($0.name) }.sorted { position($0) < position($1) }
    let additions = draft.tensors.filter { added.contains($0.name) }
    defer { draft.tensors = ordered }
    guard zip(names, names.dropFirst()).contains(where: { $1.isBeforeByLayer($0) }) else {
      ordered = (ordered + additions).sorted { $0.name.isBeforeByLayer($1.name) }
      return
    }
    let byName = Dictionary(additions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let kept = Set(ordered.map(\.name))
    var previous: TensorName?
    var followers: [TensorName?: [DraftTensor]] = [:]
    for name in donorOrder {
      if kept.contains(name) {
        previous = name
      } else if let tensor = byName[name] {
        followers[previous, default: []].append(tensor)
      }
    }
    ordered = followers[nil, default: []] + ordered.flatMap { [$0] + followers[$0.name, default: []] }
  }

  mutating func roundedTensors() -> [RoundedTensor] { base.roundedTensors() }
  func dropped(in scheme: NamingScheme) -> [(name: TensorName, reason: String)] { base.dropped(in: scheme) }
  func conventionalName(format: String) throws -> String { try base.conventionalName(format: format) }
  func recipeInputs() -> RecipeInputs { base.recipeInputs() }
  mutating func files() throws -> (files: [PlannedFile], sideFiles: [SideFile]) { try base.files() }
}

extension ConversionRequest {
  /// The request for a copy of the model in its own container.
  fileprivate func copying(_ model: Model) -> ConversionRequest {
    var request = self
    let isFile = model.checkpoint.ggufMetadata == nil && !OutputFolder(model.checkpoint.path).exists
    request.target = model.facts.usesGGUFNames ? .gguf : isFile ? .safeTensors : .folder
    request.type = .automatic
    return request
  }
}

extension Model {
  /// The value of `general.architecture` in a GGUF, or the name of the definition.
  fileprivate var architectureName: String {
    let stated = isByName ? checkpoint.metadata["general.architecture"]?.text : nil
    return stated ?? (isByName ? definition.name : definition.ggufArchitecture ?? definition.name)
  }
}

extension DraftTensor {
  /// The slots of the canonical tensors that it contains.
  fileprivate var slots: [TensorSlot] {
    guard let layout = reader?.layout else { return [] }
    return (0..<(layout.instanceCount ?? 1)).flatMap { instance in
      layout.components.map { component in
        TensorSlot(
          component.role, layer: purpose.layer, instance: layout.instanceCount == nil ? purpose.instance : instance)
      }
    }
  }

  /// The tensor as a file has it that contains it.
  fileprivate var descriptor: TensorDescriptor {
    TensorDescriptor(
      name: name, declaredFormat: .known(format), shape: shape, fileIndex: firstInput, fileOffset: 0,
      byteCount: byteCount)
  }
}
