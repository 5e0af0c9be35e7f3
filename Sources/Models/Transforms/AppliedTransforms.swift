import Architectures
import Bytes

/// Which transforms a checkpoint has, as its values tell or a user states, where that may differ from what its names
/// declare.
public struct AppliedTransforms: Sendable {
  /// What was found about each transform that was looked at, in the order of the definition.
  public let findings: [Finding]

  /// What the names declare, and nothing else looked at.
  public static let declared = AppliedTransforms(findings: [])

  /// What was found about one transform.
  public struct Finding: Sendable {
    /// Who decided.
    public enum Source: String, Sendable {
      /// The naming scheme: the values tell nothing.
      case names
      case values
      case option
    }

    /// The transform.
    public let transform: TransformRule.Kind
    /// Whether the naming scheme applies it.
    public let isDeclared: Bool
    /// Whether it is taken as applied.
    public let isApplied: Bool
    /// Who decided that.
    public let source: Source
    /// What the values showed; nil if they were not read.
    public let evidence: Evidence?

    /// Whether the tensors are other than their names declare.
    public var isSurprising: Bool { isApplied != isDeclared }
  }

  /// What values showed.
  public enum Evidence: Sendable {
    case signs(NormOffsetEvidence)
    case rowNorms(RopeOrderEvidence)

    /// Whether the transform was applied; nil if they do not tell.
    public var isApplied: Bool? {
      switch self {
      case .signs(let counts): counts.hasOneAdded
      case .rowNorms(let correlation): correlation.isInterleaved
      }
    }
  }

  /// What is to be read otherwise than the names declare.
  var states: [TransformRule.Kind: Bool] {
    Dictionary(
      findings.filter(\.isSurprising).map { ($0.transform, $0.isApplied) }, uniquingKeysWith: { first, _ in first })
  }
}

/// How the transforms of a model's tensors are found.
public struct TransformDetection: Sendable, Hashable {
  /// The evidence that is used.
  public enum Mode: Sendable, Hashable {
    /// The naming scheme declares the transforms.
    case namesOnly
    /// Tensor values show them; where they show nothing, the naming scheme declares them.
    case detectFromValues
  }

  public let mode: Mode
  /// The transforms that a user states to be applied or not, which override both.
  public let stated: [TransformRule.Kind: Bool]

  public static let namesOnly = TransformDetection(.namesOnly)
  public static let detectFromValues = TransformDetection(.detectFromValues)

  public init(_ mode: Mode, stated: [TransformRule.Kind: Bool] = [:]) {
    self.mode = mode
    self.stated = stated
  }
}
