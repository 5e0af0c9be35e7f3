import Architectures
import Bytes
import Encodings
import Formats
import Tensors

/// A checkpoint with its architecture, naming scheme and hyperparameters; every tensor has its role and layout.
///
/// `inspect` and `check` show the `problems`; a conversion refuses them.
public struct Model: Sendable {
  public internal(set) var checkpoint: Checkpoint
  /// The contents of the files apart from the tensors.
  public let facts: any ModelFacts
  public let definition: ArchitectureDefinition
  public let scheme: NamingScheme
  public internal(set) var hyperparameters: HyperparameterSet
  /// The stored tensors with their roles and layouts, in file order.
  public let tensors: [MappedTensor]
  /// Tensors that follow from the hyperparameters.
  public let derived: [TensorDescriptor]
  /// Tensors that are left out by a rule, with the reason.
  public let dropped: [(tensor: TensorDescriptor, reason: String)]
  /// Rows that no slot has, because no token has them.
  public let padding: [PaddingRows]
  /// Whether no definition fits, so that only names are known.
  public let isByName: Bool
  /// The contradictions between tensors and definition: those of all tensors first, then one for each cause.
  public internal(set) var problems: [any IngotError]
  /// Decisions for the reports, such as how the scheme was found.
  public internal(set) var remarks: [String]
  /// What the files contradict each other about, and what of them is not taken into account.
  public internal(set) var warnings: [String] = []
  /// The adapters that are merged, in order. Their files follow the model's own in `checkpoint`.
  public internal(set) var adapters: [Adapter] = []
  /// The transforms of the tensors, where they were examined.
  public let appliedTransforms: AppliedTransforms
  /// The form of the checkpoint; nil for plain weights.
  public let form: RecognizedForm?

  /// Dropped tensors that should have the values of a slot.
  private let copies: [(tensor: TensorDescriptor, slot: TensorSlot)]
  var locations: [TensorSlot: StoredLocation]
  /// The canonical tensors that the checkpoint contains, in file order.
  public let slots: [TensorSlot]

  init(
    checkpoint: Checkpoint, facts: any ModelFacts, definition: ArchitectureDefinition, scheme: NamingScheme,
    hyperparameters: HyperparameterSet, mapped: TensorMapping, problems: [any IngotError], remarks: [String],
    appliedTransforms: AppliedTransforms = .declared, isByName: Bool = false, form: RecognizedForm? = nil
  ) {
    self.checkpoint = checkpoint
    self.facts = facts
    self.definition = definition
    self.scheme = scheme
    self.hyperparameters = hyperparameters
    tensors = mapped.tensors
    derived = mapped.derived
    dropped = mapped.dropped
    // Tensors that cannot be decoded cause all other problems.
    let isUndecodable = problems.contains { ($0 as? EncodingError)?.concernsAllTensors == true }
    let undecodedNames = Set(problems.flatMap(\.constituents).compactMap { ($0 as? EncodingError)?.codes?.name })
    let grouping = ProblemGrouping(
      facts: facts, definition: definition, hyperparameters: hyperparameters,
      foundLayerCount: mapped.tensors.reduce(0) { max($0, ($1.layer ?? -1) + 1) })
    // The stored form of one that cannot be decoded fits no layout.
    let others = mapped.problems.filter { !undecodedNames.contains($0.name) }
    self.problems = problems + (isUndecodable ? [] : grouping.grouped(others))
    self.remarks = remarks
    padding = mapped.padding
    self.isByName = isByName
    self.appliedTransforms = appliedTransforms
    self.form = form
    copies = mapped.copies
    locations = mapped.locations
    slots = mapped.slots
  }

  /// Why no weight can be decoded: a known form that is not read, or an unknown method of quantization; nil if they can.
  public var unreadForm: LocatedError? {
    for case let problem as EncodingError in problems where problem.isUnread {
      return LocatedError(path: checkpoint.path, reason: problem)
    }
    return nil
  }

  /// The folder with the side files; nil if it could not be listed.
  public var folder: ModelFolder? { facts.folder }
  /// The config.json of the folder.
  public var configuration: Configuration? { facts.configuration }
  /// Whether a file states the hyperparameters; otherwise they are inferred from tensor shapes, without head counts.
  public var hasExplicitHyperparameters: Bool { facts.hasExplicitHyperparameters }

  /// Pairs of stored tensors that should have the same values: a tied output matrix and the token embedding.
  public var tiedPairs: [TiedTensorPair] {
    var tiedPairs = copies.compactMap { copy in
      tensor(copy.slot).map { TiedTensorPair(tensor: copy.tensor, original: $0.descriptor, isDropped: true) }
    }
    guard hyperparameters.flag("ties_embeddings") else { return tiedPairs }
    for rule in definition.tensors {
      guard let role = rule.tiedTo, let tensor = tensor(TensorSlot(rule.role)),
        let original = self.tensor(TensorSlot(role))
      else { continue }
      tiedPairs.append(TiedTensorPair(tensor: tensor.descriptor, original: original.descriptor, isDropped: false))
    }
    return tiedPairs
  }

  /// Returns the hyperparameters of the forward pass.
  public func forwardPassHyperparameters() throws(HyperparameterError) -> Hyperparameters {
    try Hyperparameters(hyperparameters, features: definition.forwardPass ?? ForwardPassFeatures())
  }

  /// Returns the location of the canonical tensor at `slot`.
  public func location(_ slot: TensorSlot) -> StoredLocation? { locations[slot] }

  /// The stored tensor that contains the canonical tensor at `slot`.
  public func tensor(_ slot: TensorSlot) -> MappedTensor? { locations[slot].map { tensors[$0.tensorIndex] } }

  /// A reader of the rows of a canonical tensor.
  ///
  /// - Throws: if it is absent or its storage format is unknown.
  public func canonicalReader(_ slot: TensorSlot) throws -> RowReader {
    guard let layout = canonicalLayout(slot) else { throw AbsentTensor(path: checkpoint.path, slot: slot) }
    return try RowReader(self, layout, layer: slot.layer, instance: slot.instance)
  }

  /// The canonical layout of the tensor at `slot`, if it is there.
  public func canonicalLayout(_ slot: TensorSlot) -> StoredLayout? {
    guard let location = locations[slot], let rule = definition.rule(slot.role) else { return nil }
    let stored = tensors[location.tensorIndex].layout
    let component = stored.components[location.component]
    // A tensor on its own may have dimensions that no hyperparameter gives: those of the file are canonical.
    let isAlone = stored.components.count == 1 && stored.instanceCount == nil && stored.transposedBlockCount == nil
    let dimensions =
      rule.shape.count == 1 ? [max(component.rowCount, stored.columnCount)] : [component.rowCount, stored.columnCount]
    guard let shape = isAlone && rule.shapes.isEmpty ? stored.shape : Shape(dimensions) else { return nil }
    return try? definition.canonicalLayout(of: rule, shape: shape)
  }
}
