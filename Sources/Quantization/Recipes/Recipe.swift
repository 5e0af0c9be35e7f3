import Tensors

/// A way to quantize a whole model: which storage format each of its matrices gets.
///
/// A recipe is data. `choice` reads it and nothing else: the same facts always give the same format, and the name of the
/// rule that decided.
public struct Recipe: Hashable, Sendable {
  /// Its name: `Q4_K_M`.
  public let name: String
  /// The value of `general.file_type`; nil for the recipe that copies, which keeps the source's.
  public let fileType: UInt32?
  /// The format of every matrix that no rule names; nil keeps each tensor's own.
  public let format: StorageFormat?
  /// Exceptions; the first that applies decides.
  let rules: [Rule]
  /// What the output matrix gets, and a token embedding that is the output too; Q8_0 if its rows do not fill the recipe's
  /// blocks.
  let outputFormat: StorageFormat
  /// Whether the value matrices of a 70B model get five bits where it would be three or four.
  let raisesSeventyBillion: Bool
  /// Formats that need an importance matrix in this recipe.
  let formatsNeedingImportance: Set<StorageFormat>

  /// A kind of matrix that rules tell apart.
  public enum Kind: String, Sendable {
    case tokenEmbedding = "token embedding"
    case output = "output"
    case attentionQuery = "attention query"
    case attentionKey = "attention key"
    /// Also a matrix that makes values together with queries or keys.
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
    /// All of these must hold.
    let conditions: [Condition]
    let format: StorageFormat
  }

  /// What a rule asks of a matrix and its model.
  enum Condition: Hashable, Sendable {
    case always
    /// The first layers, counted.
    case firstLayers(Int)
    /// The first of so many equal parts of the layers, rounded down.
    case firstPart(of: Int)
    /// As many matrices of this kind as that, wherever they are.
    case firstMatrices(partOfLayers: Int)
    /// All but the first and last eighth of the layers.
    case innerLayers
    /// The first and last eighth of the layers and every third between.
    case sensitiveLayers
    /// At least so many query heads share a key and value head.
    case sharedHeads(Int)
    /// A mixture of this many experts.
    case experts(Int)
    /// A mixture of at least so many experts.
    case expertsOrMore(Int)
    /// No stack of matrices, one to an expert.
    case single
    /// Falcon, for which other matrices matter.
    case falcon
    /// An importance matrix is given.
    case withImportance
    /// None is given.
    case withoutImportance
  }

  /// The facts about a matrix that rules ask for.
  public struct MatrixContext: Sendable {
    /// What it is for.
    public var kind: Kind
    /// Elements of a row.
    public var rowElementCount: Int
    /// Its number among the matrices of its kind, in layer order, that are left to the recipe; for a feed-forward matrix
    /// beside experts, its layer.
    public var position: Int
    /// How many matrices of its kind the model has; of feed-forward matrices, how many layers.
    public var count: Int
    /// Its number among the matrices of its kind, in layer order, in every model.
    public var ordinal: Int
    /// Matrices stacked in the tensor, one to an expert.
    public var stackedCount: Int

    /// Collects the facts; `ordinal` is `position` if it is not given.
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

  /// The facts about a model that rules ask for.
  public struct ModelContext: Sendable {
    /// Query heads to a key and value head.
    public var headsPerKeyValueHead: Int
    /// Experts of a layer; 0 for a dense model.
    public var expertCount: Int
    /// Whether the output matrix is the token embedding.
    public var tiesEmbeddings: Bool
    /// Whether it is shaped as Llama 2 70B: 80 layers and fewer key than query heads.
    public var isLlama70B: Bool
    /// Whether its architecture is Falcon's.
    public var isFalcon: Bool
    /// Whether an importance matrix is given.
    public var hasImportance: Bool

    /// Collects the facts.
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

  /// A format and what decided for it.
  public struct Choice: Hashable, Sendable {
    /// The format, whether or not the rows fill its blocks.
    public let format: StorageFormat
    /// The rule: `Q4_K_M: attention value in the first 4 layers`.
    public let rule: String

    /// The choice of `format` by `rule`.
    public init(format: StorageFormat, rule: String) {
      self.format = format
      self.rule = rule
    }
  }
}
