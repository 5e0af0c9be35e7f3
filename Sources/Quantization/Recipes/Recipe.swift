import Tensors

/// A way to quantize a whole model: the storage format of each matrix.
///
/// A recipe is data, read only by `choice`: the same inputs always give the same format and the name of the rule that
/// chose it.
public struct Recipe: Hashable, Sendable {
  /// The name: `Q4_K_M`.
  public let name: String
  /// The value of `general.file_type`; nil for the recipe that copies, which keeps the source's value.
  public let fileType: UInt32?
  /// The format of every matrix without a rule; nil keeps the formats of all tensors.
  public let format: StorageFormat?
  /// Whether all tensors keep their formats.
  public var isCopy: Bool { format == nil }
  /// Exceptions; the first that applies decides.
  let rules: [Rule]
  /// The format of the output matrix, also if it is tied to the token embedding; Q8_0 if its rows are not whole blocks
  /// of the recipe's format.
  let outputFormat: StorageFormat
  /// Whether value matrices of a 70B model get five bits instead of three or four.
  let raisesSeventyBillion: Bool
  /// Formats that need an importance matrix in this recipe.
  let formatsNeedingImportance: Set<StorageFormat>

  /// A kind of matrix that rules distinguish.
  public enum Kind: String, Sendable {
    case tokenEmbedding = "token embedding"
    case output = "output"
    case attentionQuery = "attention query"
    case attentionKey = "attention key"
    /// Also a fused matrix of values and queries or keys.
    case attentionValue = "attention value"
    case attentionOutput = "attention output"
    case feedForwardGate = "feed-forward gate"
    case feedForwardUp = "feed-forward up"
    case feedForwardDown = "feed-forward down"
    case other
  }

  /// An exception for one kind of matrix, or for all.
  struct Rule: Hashable, Sendable {
    let kind: Kind?
    /// All of these must be true.
    let conditions: [Condition]
    let format: StorageFormat
  }

  /// A condition on a matrix and its model.
  enum Condition: Hashable, Sendable {
    case always
    /// The first layers, by count.
    case firstLayers(Int)
    /// The first of this many equal groups of layers, rounded down.
    case firstPart(of: Int)
    /// The first matrices of this kind, as many as that group has layers, in any layer.
    case firstMatrices(partOfLayers: Int)
    /// All but the first and last eighth of the layers.
    case innerLayers
    /// The first and last eighth of the layers and every third between.
    case sensitiveLayers
    /// At least this many query heads share a key and value head.
    case sharedHeads(Int)
    /// A mixture of this many experts.
    case experts(Int)
    /// A mixture of at least this many experts.
    case expertsOrMore(Int)
    /// Not a stack of matrices, one per expert.
    case single
    /// Falcon, in which other matrices are sensitive.
    case falcon
    /// An importance matrix is given.
    case withImportance
    /// No importance matrix is given.
    case withoutImportance
  }

  /// The properties of a matrix that rules read.
  public struct MatrixContext: Sendable {
    public var kind: Kind
    /// Elements per row.
    public var rowElementCount: Int
    /// Index among the matrices of its kind that the recipe decides, in layer order; for a feed-forward matrix next to
    /// experts, the layer.
    public var position: Int
    /// The number of matrices of its kind in the model; for feed-forward matrices, of layers.
    public var count: Int
    /// Index among the matrices of its kind in layer order, for every model.
    public var ordinal: Int
    /// Matrices stacked in the tensor, one per expert.
    public var stackedCount: Int

    /// Creates the properties; `ordinal` is `position` by default.
    public init(
      kind: Kind, rowElementCount: Int, position: Int = 0, count: Int = 1, ordinal: Int? = nil, stackedCount: Int = 1
    ) {
      self.kind = kind
      self.rowElementCount = rowElementCount
      self.position = position
      self.count = count
      self.ordinal = ordinal ?? position
      self.stackedCount = stackedCount
    }
  }

  /// The properties of a model that rules read.
  public struct ModelContext: Sendable {
    /// Query heads per key and value head.
    public var headsPerKeyValueHead: Int
    /// Experts per layer; 0 for a dense model.
    public var expertCount: Int
    /// Whether the output matrix is tied to the token embedding.
    public var tiesEmbeddings: Bool
    /// Whether its shape is that of Llama 2 70B: 80 layers and fewer key than query heads.
    public var isLlama70B: Bool
    /// Whether its architecture is Falcon.
    public var isFalcon: Bool
    /// Whether an importance matrix is given.
    public var hasImportance: Bool

    public init(
      headsPerKeyValueHead: Int, expertCount: Int = 0, tiesEmbeddings: Bool, isLlama70B: Bool = false,
      isFalcon: Bool = false, hasImportance: Bool = false
    ) {
      self.headsPerKeyValueHead = headsPerKeyValueHead
      self.expertCount = expertCount
      self.tiesEmbeddings = tiesEmbeddings
      self.isLlama70B = isLlama70B
      self.isFalcon = isFalcon
      self.hasImportance = hasImportance
    }
  }

  /// A format and the rule that chose it.
  public struct Choice: Hashable, Sendable {
    /// The format, even if the rows are not whole blocks of it.
    public let format: StorageFormat
    /// The rule: `Q4_K_M: attention value in the first 4 layers`.
    public let rule: String

    public init(format: StorageFormat, rule: String) {
      self.format = format
      self.rule = rule
    }
  }
}
