import Architectures
import Bytes

/// The transforms that a checkpoint's tensors have, by their values or by a user's statement.
///
/// They may differ from those that the naming scheme declares.
public struct AppliedTransforms: Sendable {
  /// A finding for each transform that was examined, in the order of the definition.
  public let findings: [Finding]

  /// The transforms that the naming scheme declares; nothing was examined.
  public static let declared = AppliedTransforms(findings: [])

  /// Whether the tensors have one transform, and how that was decided.
  public struct Finding: Sendable {
    /// The source of the decision.
    public enum Source: String, Sendable {
      /// The naming scheme, because the values decide nothing.
      case names
      case values
      case option
    }

    /// The transform.
    public let transform: TransformRule.Kind
    /// Whether the naming scheme applies it.
    public let isDeclared: Bool
    /// Whether it is applied.
    public let isApplied: Bool
    /// The source of the decision.
    public let source: Source
    /// The evidence in the values; nil if they were not read.
    public let evidence: Evidence?

    /// Whether the decision contradicts the naming scheme.
    public var isSurprising: Bool { isApplied != isDeclared }
  }

  /// The evidence that values give.
  public enum Evidence: Sendable {
    case signs(NormOffsetEvidence)
    case rowNorms(RopeOrderEvidence)

    /// Whether the transform was applied; nil if the values do not decide.
    public var isApplied: Bool? {
      switch self {
      case .signs(let counts): counts.hasOneAdded
      case .rowNorms(let correlation): correlation.isInterleaved
      }
    }
  }

  /// The transforms in which the tensors contradict the naming scheme.
  var states: [TransformRule.Kind: Bool] {
    Dictionary(
      findings.filter(\.isSurprising).map { ($0.transform, $0.isApplied) }, uniquingKeysWith: { first, _ in first })
  }
}

/// The way to find the transforms of a model's tensors.
public struct TransformDetection: Sendable, Hashable {
  /// The evidence that is used.
  public enum Mode: Sendable, Hashable {
    /// The naming scheme declares the transforms.
    case namesOnly
    /// Tensor values show them; where they show nothing, the naming scheme declares them.
    case detectFromValues
  }

  public let mode: Mode
  /// The transforms that a user gives as applied or not, which override both.
  public let explicit: [TransformRule.Kind: Bool]

  public static let namesOnly = TransformDetection(.namesOnly)
  public static let detectFromValues = TransformDetection(.detectFromValues)

  public init(_ mode: Mode, explicit: [TransformRule.Kind: Bool] = [:]) {
    self.mode = mode
    self.explicit = explicit
  }
}
