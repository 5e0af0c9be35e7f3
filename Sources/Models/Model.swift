import Architectures
import Bytes
import Encodings
import Formats
import Tensors

/// A checkpoint understood: its architecture, naming scheme and numbers are known, and every tensor has its role.
///
/// Whatever could not be understood stands in `problems`; `inspect` and `check` show them, a conversion stops at them.
public struct Model: Sendable {
  /// The files.
  public let checkpoint: Checkpoint
  /// What the files state apart from the tensors.
  public let facts: any ModelFacts
  /// The architecture.
  public let definition: ArchitectureDefinition
  /// How the tensors are named.
  public let scheme: NamingScheme
  /// The numbers.
  public let parameters: HyperparameterSet
  /// The stored tensors with their meaning, in file order.
  public let tensors: [MappedTensor]
  /// Tensors that follow from the parameters.
  public let derived: [TensorDescriptor]
  /// Tensors that carry nothing, with the reason.
  public let dropped: [(tensor: TensorDescriptor, reason: String)]
  /// Everything that does not fit, found all at once.
  public let problems: [any IngotError]
  /// What was decided and should be said, such as how the scheme was found.
  public internal(set) var remarks: [String]
  /// The adapters that change it, in order. Their files stand behind its own in `checkpoint`.
  public internal(set) var adapters: [Adapter] = []
  /// Which transforms the tensors have, where that was looked at.
  public let appliedTransforms: AppliedTransforms

  /// Dropped tensors that should have the values of a slot.
  private let copies: [(tensor: TensorDescriptor, slot: TensorSlot)]
  var locations: [TensorSlot: StoredLocation]
  /// The canonical tensors that the checkpoint holds, in file order.
  public let slots: [TensorSlot]

  init(
    checkpoint: Checkpoint, facts: any ModelFacts, definition: ArchitectureDefinition, scheme: NamingScheme,
    parameters: HyperparameterSet, mapped: TensorMapping, problems: [any IngotError], remarks: [String],
    appliedTransforms: AppliedTransforms = .declared
  ) {
    self.checkpoint = checkpoint
    self.facts = facts
    self.definition = definition
    self.scheme = scheme
    self.parameters = parameters
    tensors = mapped.tensors
    derived = mapped.derived
    dropped = mapped.dropped
    // What does not fit follows from tensors that cannot be decoded.
    let isUndecodable = problems.contains { ($0 as? EncodingError)?.concernsAllTensors == true }
    self.problems = (isUndecodable ? [] : mapped.problems) + problems
    self.remarks = remarks + mapped.remarks
    self.appliedTransforms = appliedTransforms
    copies = mapped.copies
    locations = mapped.locations
    slots = mapped.slots
  }

  /// The folder with the side files; nil if it could not be listed.
  public var folder: ModelFolder? { facts.folder }
  /// The config.json of the folder.
  public var configuration: Configuration? { facts.configuration }
  /// Whether a file states the hyperparameters; otherwise they are inferred from tensor shapes, without head counts.
  public var hasExplicitHyperparameters: Bool { facts.hasExplicitHyperparameters }

  /// Pairs of stored tensors that should have the same values: a tied output matrix and the token embedding.
  public var twins: [TiedTensorPair] {
    var twins = copies.compactMap { copy in
      tensor(copy.slot).map { TiedTensorPair(tensor: copy.tensor, original: $0.descriptor, isDropped: true) }
    }
    guard parameters.flag("ties_embeddings") else { return twins }
    for rule in definition.tensors {
      guard let role = rule.tiedTo, let tensor = tensor(TensorSlot(rule.role)),
        let original = self.tensor(TensorSlot(role))
      else { continue }
      twins.append(TiedTensorPair(tensor: tensor.descriptor, original: original.descriptor, isDropped: false))
    }
    return twins
  }

  /// The numbers as the forward pass takes them.
  public func hyperparameters() throws(HyperparameterError) -> Hyperparameters {
    try Hyperparameters(parameters, features: definition.forwardPass ?? ForwardPassFeatures())
  }

  /// Where the canonical tensor at `slot` is stored.
  public func location(_ slot: TensorSlot) -> StoredLocation? { locations[slot] }

  /// The stored tensor that holds the canonical tensor at `slot`.
  public func tensor(_ slot: TensorSlot) -> MappedTensor? { locations[slot].map { tensors[$0.tensorIndex] } }

  /// A reader of the rows of a canonical tensor.
  ///
  /// - Throws: if it is absent or its storage format is not known.
  public func canonicalReader(_ slot: TensorSlot) throws -> RowReader {
    guard let layout = canonicalLayout(slot) else { throw AbsentTensor(path: checkpoint.path, slot: slot) }
    return try RowReader(self, layout, layer: slot.layer, instance: slot.instance)
  }

  /// The canonical layout of the tensor at `slot`, if it is there.
  public func canonicalLayout(_ slot: TensorSlot) -> StoredLayout? {
    guard let location = locations[slot], let rule = definition.rule(slot.role) else { return nil }
    let stored = tensors[location.tensorIndex].layout
    let component = stored.components[location.component]
    // What stands alone may have extents that no number gives; the file's are then the canonical ones.
    let isAlone = stored.components.count == 1 && stored.instanceCount == nil && stored.transposedBlockCount == nil
    let dimensions =
      rule.shape.count == 1 ? [max(component.rowCount, stored.columnCount)] : [component.rowCount, stored.columnCount]
    guard let shape = isAlone && rule.shapes.isEmpty ? stored.shape : Shape(dimensions) else { return nil }
    return try? definition.canonicalLayout(of: rule, shape: shape)
  }
}
