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
  /// The tensors with their roles, in file order.
  public let tensors: [MappedTensor]
  /// Tensors that follow from the parameters.
  public let derived: [TensorDescriptor]
  /// Tensors that carry nothing, with the reason.
  public let dropped: [(tensor: TensorDescriptor, reason: String)]
  /// Everything that does not fit, found all at once.
  public let problems: [any IngotError]
  /// What was decided and should be said, such as how the scheme was found.
  public let remarks: [String]

  private let indexByPlace: [TensorPlace: Int]

  init(
    checkpoint: Checkpoint, folder: ModelFolder?, configuration: Configuration?, definition: Definition,
    scheme: NamingScheme, parameters: ParameterSet, hasStatedNumbers: Bool, mapped: TensorMapping,
    problems: [any IngotError], remarks: [String]
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
    self.remarks = remarks
    indexByPlace = Dictionary(
      mapped.tensors.enumerated().map { ($1.place, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The tensor at `place`.
  public func tensor(_ place: TensorPlace) -> MappedTensor? { indexByPlace[place].map { tensors[$0] } }

  /// The numbers as the forward pass and the transforms take them.
  public func hyperparameters() throws(ParameterError) -> Hyperparameters {
    try Hyperparameters(parameters, features: definition.forwardPass ?? ForwardPassFeatures())
  }

  /// A reader of a tensor's rows in the canonical layout.
  public func canonicalReader(_ tensor: MappedTensor) throws(TensorProblem) -> RowReader {
    try RowReader(checkpoint, tensor.descriptor, RowMapping(from: tensor.transform, to: .identity))
  }
}

/// A role in a layer, and which of several there: what makes two tensors of different files the same.
public struct TensorPlace: Hashable, Sendable, CustomStringConvertible {
  /// What the tensor is for.
  public let role: TensorRole
  /// The layer; nil outside layers.
  public let layer: Int?
  /// Which of the layer's tensors of this role, such as the expert; nil where there is one.
  public let part: Int?

  /// The place of `role` in `layer`.
  public init(_ role: TensorRole, layer: Int? = nil, part: Int? = nil) {
    self.role = role
    self.layer = layer
    self.part = part
  }

  public var description: String {
    [layer.map { "layer \($0)" }, role.words, part.map(String.init)].compactMap(\.self).joined(separator: " ")
  }
}

/// A tensor with its role and layout.
public struct MappedTensor: Sendable {
  /// Its role and layer.
  public let place: TensorPlace
  /// Its facts in the file.
  public let descriptor: TensorDescriptor
  /// How its layout in the file differs from the canonical one.
  public let transform: Transform
}
