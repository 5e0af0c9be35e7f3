import Tensors

/// One canonical tensor of an architecture, and its name in the schemes that store it alone.
public struct TensorRule: Sendable {
  /// The role.
  public let role: TensorRole
  /// Its canonical shape.
  public let shape: [Expression]
  /// The number of instances in a layer, such as experts; nil for one.
  public let instances: Expression?
  /// The number of layers that have it, if that is not the hyperparameter `layer_count`.
  public let layers: Expression?
  /// Whether a model may lack it.
  public let isOptional: Bool
  /// Whether only layers that predict more tokens have it; where it must be there, it is in the first of them.
  public let isOfPrediction: Bool
  /// The first layer that has it; those before have none.
  public let firstLayer: Int
  /// Why nothing is lost where a scheme has no name for it; a scheme that has one gets zeros. Nil for other tensors.
  public let unusedReason: String?
  /// Whether llama.cpp's converter leaves it out, so that its file lacks a part of the model.
  public let isLeftOutByReference: Bool
  /// What llama.cpp computes otherwise with it; nil if nothing.
  public let ggufWarning: String?
  /// Flags of the layers that must have it, the others may; nil for all.
  public var requiredLayers: Expression?
  /// Whether a file may have padding rows after those of the shape; they are dropped.
  public let mayHavePaddingRows: Bool
  /// The tensor whose values it has when it is absent.
  public let tiedTo: TensorRole?
  /// Its names by scheme, the first being the one that is written; a scheme inherits the names of its base.
  public let names: [String: [NamePattern]]
  /// Its transforms by scheme, alone and in fused tensors; absent means none.
  public let transforms: [String: [TransformRule]]
  /// Its shape by scheme, where it differs.
  public let shapes: [String: [Expression]]
}

/// A stored tensor that contains several canonical ones.
public struct FusedTensorRule: Sendable {
  /// The canonical tensors, in order.
  public let roles: [TensorRole]
  /// Its names by scheme, the first being the one that is written.
  public let names: [String: [NamePattern]]
  /// The fusion order of each scheme; without one, tensors are concatenated.
  public let fusionOrders: [String: FusionOrder]
  /// The schemes that store it transposed.
  public let transposedSchemes: Set<String>
  /// The schemes whose files have it transposed or not: its shape tells, and one that fits both ways is not.
  public let turnedSchemes: Set<String>
  /// Its shape by scheme, where it differs.
  public let shapes: [String: [Expression]]

  /// The identity among fused tensors: `attention_query+attention_key+attention_value`.
  public var name: String { roles.map(\.rawValue).joined(separator: "+") }
}

/// The order of the rows of several canonical tensors in a fused one.
public enum FusionOrder: Hashable, Sendable {
  /// One tensor after the other.
  case concatenated
  /// This many groups, each with its share of every tensor.
  case grouped(Expression)
  /// A leading dimension over the instances, each with the tensors one after the other, or in this many groups with a
  /// share of every tensor.
  case stacked(groups: Expression? = nil)
}

/// A change that a scheme makes to a canonical tensor.
public enum TransformRule: Hashable, Sendable {
  /// Interleaves the rows of this many heads; see `RowOrder.interleaved`.
  case rotary(Expression)
  /// Separates the rows of rotary pairs in this many heads with this many rotated rows; see `RowOrder.separated`.
  case separatePairs(heads: Expression, rotated: Expression)
  /// Adds 1 to the values.
  case plusOne
  /// Stores `-e^x` instead of `x`.
  case negativeExponential
  /// Stores heads that are grouped by key heads in tiles; see `RowOrder.tiled`.
  case tiled(groups: Expression, heads: Expression)
  /// The same of the columns.
  case tiledColumns(groups: Expression, heads: Expression)
  /// Stores the matrix, or each of this many blocks of its rows, transposed.
  case transpose(Expression?)

  /// The transform without its argument.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    case rotary
    case separatePairs = "separate_pairs"
    case plusOne = "plus_one"
    case negativeExponential = "negative_exp"
    case tiled
    case tiledColumns = "tiled_columns"
    case transpose

    /// Whether it is detectable from values; see `AppliedTransforms`.
    public var isDetectable: Bool { self == .rotary || self == .plusOne }
    /// Those that can be tested, as definitions and options spell them.
    public static var detectableNames: [String] { allCases.filter(\.isDetectable).map(\.rawValue) }
  }

  /// The transform without its argument.
  public var kind: Kind {
    switch self {
    case .rotary: .rotary
    case .separatePairs: .separatePairs
    case .plusOne: .plusOne
    case .negativeExponential: .negativeExponential
    case .tiled: .tiled
    case .tiledColumns: .tiledColumns
    case .transpose: .transpose
    }
  }
}

/// A tensor that follows from hyperparameters, such as the RoPE factors of Llama 3.
public struct DerivedRule: Sendable {
  /// The role, which selects the code that computes it.
  public let role: TensorRole
  /// Its names in the schemes that have it.
  public let names: [String: [NamePattern]]
}

/// Tensors that carry no information.
public struct DroppedRule: Sendable {
  /// Their names.
  public let pattern: NamePattern
  /// The reason that nothing is lost.
  public let reason: String
  /// The tensor whose values it should have, so that nothing is lost; nil if its values do not matter.
  public let copyOf: TensorRole?
  /// Whether they are of layers that predict more tokens.
  public let isOfPrediction: Bool
}

/// Layers after those of the forward pass: decoder layers that predict more tokens ("MTP", "nextn").
///
/// They have the tensors of every layer, and those of prediction layers alone. The hyperparameter
/// `prediction_layer_count` counts them.
public struct PredictionLayersRule: Sendable {
  /// By scheme, the prefix of the names of layers, and the one that replaces it in these layers, which then count from 0.
  public let prefixes: [String: (base: String, own: String)]
  /// The reason that their tensors are left out of a GGUF; nil if they are kept.
  public let dropReason: String?

  /// The hyperparameter that counts them.
  public static let count = "prediction_layer_count"
  /// The hyperparameter that counts all layers of a file.
  public static let allLayers = "block_count"
}
