import Architectures
import Bytes
import Formats
import Tensors

/// A checkpoint understood: its architecture, naming scheme and numbers are known, and every tensor has its role.
///
/// Whatever could not be understood stands in `problems`; `inspect` and `check` show them, a conversion stops at them.
public struct Model: Sendable {
  /// The files.
  public let checkpoint: Checkpoint
  /// The folder with the side files; nil for a file on its own.
  public let folder: ModelFolder?
  /// The config.json of the folder.
  public let configuration: Configuration?
  /// The architecture.
  public let definition: Definition
  /// How the tensors are named.
  public let scheme: NamingScheme
  /// The numbers.
  public let parameters: ParameterSet
  /// Whether a file states the numbers; otherwise they are those that the tensors show, without head counts.
  public let hasStatedNumbers: Bool
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
  /// What adapters add to canonical tensors.
  var updates: [TensorPlace: [LowRankUpdate]] = [:]
  /// The storage formats of tensors that adapters replace, before.
  var replacedFormats: [TensorName: StorageFormat] = [:]
  /// Which transforms the tensors have, where that was looked at.
  public private(set) var dialect: Dialect

  /// The problems that are not those of single tensors.
  private let ownProblems: [any IngotError]
  /// Dropped tensors that should have the values of a place.
  private let copies: [(tensor: TensorDescriptor, place: TensorPlace)]
  private let locations: [TensorPlace: StoredLocation]
  /// The canonical tensors that the checkpoint holds, in file order.
  public let places: [TensorPlace]

  init(
    checkpoint: Checkpoint, folder: ModelFolder?, configuration: Configuration?, definition: Definition,
    scheme: NamingScheme, parameters: ParameterSet, hasStatedNumbers: Bool, mapped: TensorMapping,
    problems: [any IngotError], remarks: [String], dialect: Dialect = .declared
  ) {
    self.checkpoint = checkpoint
    self.folder = folder
    self.configuration = configuration
    self.definition = definition
    self.scheme = scheme
    self.parameters = parameters
    self.hasStatedNumbers = hasStatedNumbers
    tensors = mapped.tensors
    derived = mapped.derived
    dropped = mapped.dropped
    self.problems = mapped.problems + problems
    ownProblems = problems
    self.remarks = remarks + mapped.remarks.filter { !remarks.contains($0) }
    self.dialect = dialect
    copies = mapped.copies
    locations = mapped.locations
    places = mapped.places
  }

  /// Pairs of stored tensors that should have the same values: a tied output matrix and the token embedding.
  public var twins: [TwinTensors] {
    var twins = copies.compactMap { copy in
      tensor(copy.place).map { TwinTensors(tensor: copy.tensor, original: $0.descriptor, isDropped: true) }
    }
    guard parameters.flag("ties_embeddings") else { return twins }
    for rule in definition.tensors {
      guard let role = rule.tiedTo, let tensor = tensor(TensorPlace(rule.role)),
        let original = self.tensor(TensorPlace(role))
      else { continue }
      twins.append(TwinTensors(tensor: tensor.descriptor, original: original.descriptor, isDropped: false))
    }
    return twins
  }

  /// The same checkpoint with its tensors read as `dialect` says.
  func read(as dialect: Dialect) -> Model {
    var model = self
    model.dialect = dialect
    guard !dialect.states.isEmpty else { return model }
    let mapped = TensorMapping(checkpoint, definition, scheme, parameters, states: dialect.states)
    return Model(
      checkpoint: checkpoint, folder: folder, configuration: configuration, definition: definition, scheme: scheme,
      parameters: parameters, hasStatedNumbers: hasStatedNumbers, mapped: mapped, problems: ownProblems,
      remarks: remarks, dialect: dialect)
  }

  /// The numbers as the forward pass takes them.
  public func hyperparameters() throws(ParameterError) -> Hyperparameters {
    try Hyperparameters(parameters, features: definition.forwardPass ?? ForwardPassFeatures())
  }

  /// Where the canonical tensor at `place` is stored.
  public func location(_ place: TensorPlace) -> StoredLocation? { locations[place] }

  /// The stored tensor that holds the canonical tensor at `place`.
  public func tensor(_ place: TensorPlace) -> MappedTensor? { locations[place].map { tensors[$0.tensorIndex] } }

  /// A reader of the rows of a canonical tensor.
  ///
  /// - Throws: if it is absent or its storage format is not known.
  public func canonicalReader(_ place: TensorPlace) throws -> RowReader {
    guard let layout = canonicalLayout(place) else { throw AbsentTensor(path: checkpoint.path, place: place) }
    return try RowReader(self, layout, layer: place.layer, part: place.part)
  }

  /// The canonical layout of the tensor at `place`, if it is there.
  public func canonicalLayout(_ place: TensorPlace) -> StoredLayout? {
    guard let location = locations[place], let rule = definition.rule(place.role) else { return nil }
    let stored = tensors[location.tensorIndex].layout
    let component = stored.components[location.component]
    // What stands alone may have extents that no number gives; the file's are then the canonical ones.
    let isAlone = stored.components.count == 1 && stored.partCount == nil && stored.transposedBlockCount == nil
    let extents =
      rule.shape.count == 1 ? [max(component.rowCount, stored.columnCount)] : [component.rowCount, stored.columnCount]
    guard let shape = isAlone && rule.shapes.isEmpty ? stored.shape : Shape(extents) else { return nil }
    return try? definition.canonicalLayout(of: rule, shape: shape)
  }
}
